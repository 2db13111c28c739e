#!/bin/sh
# Written by outrigger: migrates with golang-migrate, which fails if the database is ahead of
# all files, as after a rollback. There is nothing to do then, so the pod may start.
set -u
migrate "$@" up &
# The shell is the first process of its container, and nothing else passes the signal on.
trap 'kill -TERM $!; wait $!; exit 143' TERM
wait $!
code=$?
[ "$code" -ne 0 ] || exit 0

# A number alone: after a migration that failed half way, "(dirty)" follows it.
version=$(migrate "$@" version 2>&1)
case $version in
'' | *[!0-9]*) exit "$code" ;;
esac
newest=
for file in "${1#-path=}"/[0-9]*_*.*; do
    name=${file##*/}
    number=${name%%_*}
    case $number/$name in
    *[!0-9]*/*) continue ;;
    */*.up.* | */*.down.*) ;;
    *) continue ;;
    esac
    if [ -z "$newest" ] || [ "$number" -gt "$newest" ]; then
        newest=$number
    fi
done
if [ -z "$newest" ] || [ "$version" -le "$newest" ]; then
    exit "$code"
fi
echo "WARNING: the database is at version $version, ahead of the newest file, $newest: nothing is migrated," \
    "and the app starts on the newer schema" >&2
