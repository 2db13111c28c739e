# Written by outrigger: streams files to stdout, through rotation and from before they're
# there. (A tail as the first process of a container ignores SIGTERM, and GNU tail loses
# lines of files that are replaced.)
from=$1   # where files begin that are there already
drain=$2  # seconds after SIGTERM, for the last lines
shift 2
tails=''
trap 'sleep "$drain"; trap "" TERM; kill 0; exit 0' TERM INT
for file; do
    busybox tail -n "$from" -F "$file" 2>/dev/null &
    tails="$tails $!"
done
while kill -0 $tails; do # else the kubelet begins anew
    for file; do
        [ ! -e "$file" ] || [ -r "$file" ] || echo "user $(id -u) can't read $file" >&2
    done
    sleep 30 &
    wait $!
done
exit 1
