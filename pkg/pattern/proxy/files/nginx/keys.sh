# Written by outrigger: nginx, and beside it the keys of an issuer of tokens, fetched
# again and again. Requests are verified with the last ones that came; none makes a
# fetch, and nginx needs no names of the network.
set -eu
conf=/etc/outrigger/nginx/nginx.conf
keys=/tmp/jwks
ca=/etc/outrigger/issuer/ca.crt
token=/etc/outrigger/account/token

# What is no key set (a login page, half an answer) keeps the last one in force.
fetch() {
    set -- -q -fsS --proto =https --globoff --connect-timeout 5 --max-time 10 --url "$JWKS_URI"
    [ ! -e "$ca" ] || set -- --cacert "$ca" "$@"
    if [ -e "$token" ]; then
        # By a file: everybody in the pod's process namespace can read arguments.
        (umask 077 && printf 'Authorization: Bearer %s\n' "$(cat "$token")" >"$keys/header")
        set -- --header "@$keys/header" "$@"
    fi
    curl "$@" >"$keys/new" &&
        tr -d ' \t\r\n' <"$keys/new" | grep -q '^{.*"keys":\[.*}$' &&
        mv "$keys/new" "$keys/jwks.json"
}

watch() {
    ulimit -f 2048 # 1 MiB
    while :; do
        if fetch; then
            sleep 30
        elif [ -e "$keys/jwks.json" ]; then
            sleep 10
        else
            sleep 2 # nobody comes in without
        fi
    done
}

mkdir -p "$keys"
watch &
exec nginx -e stderr -c "$conf" -g 'daemon off;'
