#!/bin/sh
# Logs in with the pod's own token, and writes each secret to a file that appears whole. Arguments: the program, the path of
# the login, the role, the token's file; then for each file: it, its mode, the secret, the mount of an engine kv of version 2
# (else ""), and the field ("": all of them, as JSON).
set -eu
trap 'exit 143' TERM # the first process of a container is deaf without
program=$1 login=$2 role=$3 token=$4
shift 4
VAULT_TOKEN=$("$program" write -field=token "$login" "role=$role" "jwt=@$token")
export VAULT_TOKEN

while [ $# -gt 0 ]; do
  file=$1 mode=$2 secret=$3 mount=$4 field=$5
  shift 5
  mkdir -p "$(dirname "$file")"
  rm -f "$file.tmp"
  (
    umask 077
    if [ -z "$field" ]; then
      "$program" read -format=json -field=data "$secret"
    elif [ -z "$mount" ]; then
      "$program" read -field="$field" "$secret"
    else
      "$program" kv get -mount="$mount" -field="$field" "$secret"
    fi >"$file.tmp"
  )
  [ -s "$file.tmp" ] || { echo "$secret: there is nothing in it" >&2; exit 1; }
  chmod "$mode" "$file.tmp"
  mv "$file.tmp" "$file"
done
