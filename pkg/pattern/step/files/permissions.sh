#!/bin/sh
# Written by outrigger: gives folders to the app's user. A folder itself comes last, so that
# one that was left half done is begun anew; one that is right is left alone.
set -eu
form=$1 owner=$2
shift 2
for folder; do
    if [ "$(stat -c "$form" "$folder")" = "$owner" ]; then
        echo "$folder belongs to $owner already"
        continue
    fi
    find "$folder" -xdev -mindepth 1 -exec chown -h "$owner" {} +
    chown "$owner" "$folder"
    echo "$folder belongs to $owner now"
done
