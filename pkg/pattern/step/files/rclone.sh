#!/bin/sh
# Written by outrigger: gets a file. It has its name only when it's whole and, where there is
# a sha256, right; one that is there already is left alone. The other arguments are rclone's.
set -eu
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
rm -f "$part"
if [ -z "${RCLONE_S3_REGION:-}" ] && [ -n "${AWS_REGION:-}" ]; then
    export RCLONE_S3_REGION="$AWS_REGION" # rclone doesn't look there
fi
rclone copyto "$@" "$url" "$part"
if ! right "$part"; then
    rm -f "$part"
    echo "sha256 is $sum, not $sha256" >&2
    exit 1
fi
mv -f "$part" "$file"
echo "$file was fetched"
