#!/bin/sh
# Written by outrigger: gets a file. It has its name only when it's whole and, where there is
# a sha256, right; one that is there already is left alone. The other arguments are curl's.
set -u
umask 022
file=$1 sha256=$2 url=$3
shift 3
part=$file.part

right() {
    [ -z "$sha256" ] && return
    sum=$(sha256sum <"$1")
    sum=${sum%% *}
    [ "$sum" = "$sha256" ]
}

exec 9<"${file%/*}" # of several pods that share a volume, one fetches and the others find
if command -v flock >/dev/null && ! flock -n 9; then
    echo "somebody else may be at it" >&2
    flock 9 || true # not every file system can
fi
if [ -f "$file" ] && right "$file"; then
    echo "$file is there"
    exit 0
fi
try=0 pause=1
while :; do
    [ -n "$sha256" ] || rm -f "$part" # the beginning of another version would go unnoticed
    resumed=
    [ ! -s "$part" ] || resumed=yes
    code=0
    status=$(curl -fgsSL --connect-timeout 10 --speed-limit 1 --speed-time 60 "$@" -C - -o "$part" -w '%{http_code}' --url "$url" </dev/null) || code=$?
    [ "$resumed$status" != yes416 ] || code=0 # nothing is left to be sent, some curls fail then
    if [ "$code" = 0 ] && [ -f "$part" ]; then
        if right "$part"; then
            break
        fi
        rm -f "$part"
        if [ -z "$resumed" ]; then
            echo "sha256 is $sum, not $sha256" >&2
            exit 1
        fi
        echo "what was resumed isn't right: once more, from the beginning" >&2
        continue
    fi
    case $code in
    33) rm -f "$part" ;;          # the server doesn't know ranges
    1 | 3 | 23 | 60 | 77) exit 1 ;; # not allowed, not written, not trusted
    22) case $status in 408 | 425 | 429 | 5*) ;; *) exit 1 ;; esac ;;
    esac
    try=$((try + 1))
    [ "$try" -lt 8 ] || exit 1
    echo "once more in $pause seconds" >&2
    sleep "$pause"
    pause=$((pause < 16 ? pause * 2 : 30))
done
mv -f "$part" "$file"
echo "$file was fetched"
