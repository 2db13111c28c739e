#!/bin/sh
# Written by outrigger: raises limits of the node. It never lowers one: other pods there may
# need more. The arguments are pairs: a file in /proc/sys and a number.
set -eu
while [ $# -gt 1 ]; do
    file=/proc/sys/$1
    have=$(cat "$file")
    if [ "$have" -lt "$2" ]; then
        echo "$1 is $have and is raised to $2"
        echo "$2" >"$file"
    else
        echo "$1 is $have already"
    fi
    shift 2
done
