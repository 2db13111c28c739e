# Written by outrigger: nginx, reloaded when the CA of its clients changes. (Its own
# certificate needs none of this: it's read at handshakes.)
set -eu
conf=/etc/outrigger/nginx/nginx.conf
ca=/etc/outrigger/clients/ca.crt
reloading=/tmp/reloading
nginx=$$ # the process that the last line turns into nginx

watch() {
    was=$(sha256sum "$ca")
    while sleep 10; do
        now=$(sha256sum "$ca") || continue
        [ "$now" != "$was" ] || continue
        # What nginx can't read keeps the old one in force, until it's mended.
        if nginx -e stderr -q -t -c "$conf"; then
            touch "$reloading" # those who keep connections are told
            sleep 2
            kill -HUP "$nginx" || return 0
            sleep 1 # the old processes are told
            rm -f "$reloading"
            was=$now
        fi
    done
}
rm -f "$reloading" # of a container before this one
watch &
exec nginx -e stderr -c "$conf" -g 'daemon off;'
