# Written by outrigger: streams files to stdout, through rotation and from before they're
# there; what matches a pattern is found within 5 seconds. (A tail as the first process of a
# container ignores SIGTERM, and GNU tail loses lines of files that are replaced.)
from=$1     # where files begin that are there already
drain=$2    # seconds after SIGTERM, for the last lines
shift 2
IFS=''      # names may have blanks
tails=''    # PID//FILE//...
known=''    # " INODE:SIZE " of all that matched at the last look
missing=''  # //FILE//... whose tails go on
trap 'sleep "$drain"; trap "" TERM; kill 0; exit 0' TERM INT

follow() {
    case $tails in *"//$1//"*) return ;; esac
    [ ! -e "$1" ] || [ -r "$1" ] || echo "user $(id -u) can't read $1" >&2
    busybox tail -n "$from" -F "$1" 2>/dev/null &
    tails=$tails$!//$1//
}

# rotated tells a file that has got another name from a new one, which may have the inode
# of one that is gone.
rotated() {
    now=$(stat -c %i:%s "$1") || return 0
    seen="$seen $now "
    was=${known##*" ${now%:*}:"}
    [ "$was" != "$known" ] && [ "${now#*:}" -ge "${was%% *}" ]
}

# tidy ends the tails of files that matched a pattern and are gone for good.
tidy() {
    rest=$tails tails='' missed=$missing missing=''
    while [ "$rest" ]; do
        pid=${rest%%//*} rest=${rest#*//}
        file=${rest%%//*} rest=${rest#*//}
        kill -0 "$pid" || exit 1 # the kubelet begins anew
        plain=''
        for pattern; do [ "$pattern" != "$file" ] || plain=yes; done
        if [ -z "$plain" ] && [ ! -e "$file" ]; then
            case $missed in *"//$file//"*) kill "$pid" && continue ;; esac
            missing=$missing//$file//
        fi
        tails=$tails$pid//$file//
    done
}

while :; do
    seen=''
    for pattern; do
        case $pattern in *[*?[]*) ;; *) follow "$pattern" ;; esac
        for file in $pattern; do
            case $file in *.gz | *.bz2 | *.xz | *.zst | *.zip) continue ;; esac
            [ ! -f "$file" ] || rotated "$file" || follow "$file"
        done
    done
    known=$seen from=+1
    tidy "$@"
    sleep 5 &
    wait $!
done
