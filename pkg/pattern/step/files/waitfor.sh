#!/bin/sh
# shellcheck disable=SC2254 # status is a pattern
# Written by outrigger: waits until each target has answered once, an address by a
# connection, a URL by a status. Every 10 seconds it says what is missing; it fails in the
# end, so that it shows. The clock is the machine's uptime, which nobody sets.
set -u
timeout=$1 interval=$2 status=$3
shift 3
line='
'

clock() {
    read -r now rest </proc/uptime
    now=${now%%.*}
}

reach() { # TARGET SECONDS
    case $1 in
    *://*)
        said=$(curl -gsS --proto =http,https -m "$2" -o /dev/null -w 'status %{http_code}' --url "$1" 2>&1 </dev/null)
        case $said in "status "$status) return 0 ;; esac
        ;;
    *)
        host=${1%:*}
        host=${host#\[}
        said=$(timeout "$2" nc ${talk:+"$talk"} -w "$2" "${host%\]}" "${1##*:}" -e true 2>&1 </dev/null) && return 0
        ;;
    esac
    return 1
}

talk=-vv # one of busybox's two kinds of nc says nothing else, the other doesn't know it
case $(nc "$talk" 2>&1 </dev/null) in *"invalid option"*) talk='' ;; esac
clock
began=$now tell=0
for target; do
    while :; do
        left=$((timeout - (now - began)))
        [ "$left" -gt 0 ] || left=1
        [ "$left" -lt 5 ] || left=5
        if reach "$target" "$left"; then
            echo "$target answers"
            clock
            break
        fi
        said=${said%%"$line"*}
        clock
        spent=$((now - began))
        if [ "$spent" -ge "$timeout" ]; then
            echo "gave up after $spent seconds: $target: ${said:-no answer}" >&2
            exit 1
        elif [ "$spent" -ge "$tell" ]; then
            echo "waiting for $target since $spent seconds: ${said:-no answer}" >&2
            tell=$((spent + 10))
        fi
        sleep "$interval"
    done
done
