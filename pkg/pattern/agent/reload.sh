# Written by outrigger: tells an app that its ConfigMaps or Secrets have changed.
#   run.sh webhook METHOD URL SECONDS DIRECTORY...
#   run.sh signal NAME PROCESS SECONDS DIRECTORY...
# The kubelet replaces all files of a volume at once, by leading its link ..data
# elsewhere, and only where one of them has changed: where the links lead is all that
# there is to look at.
set -u
how=$1 word=$2 whom=$3 period=$4
shift 4

state() { for dir; do readlink "$dir/..data" || return; done; }

# The app is on 127.0.0.1, where nobody but the pod is, and no certificate is for that.
webhook() {
    code=$(curl -q --silent --show-error --globoff --noproxy '*' --insecure --max-time 30 \
        --output /dev/null --write-out '%{http_code}' --request "$word" "$whom") || return
    case $code in
    2??) ;;
    *) echo "the app answered $code"; return 1 ;;
    esac
}

# Of the app's processes of that name, those are told that no other one has started.
signal() {
    pids=$(pidof "$whom") || pids=''
    mine='' others='' failed=0
    for pid in $pids; do
        if [ "$(field State)" = Z ]; then # it has ended
            continue
        elif [ "$(field Uid)" != "$(id -u)" ]; then
            others=$pid
            continue
        fi
        mine=$pid
        case " $pids " in
        *" $(field PPid) "*) ;;
        *) kill -s "$word" "$pid" || failed=1 ;;
        esac
    done
    if [ -z "$mine$others" ]; then
        echo "there is no process $whom: it reads the files when it starts"
    elif [ -z "$mine" ]; then
        echo "the processes $whom are of another user than $(id -u)"
        failed=1
    fi
    return "$failed"
}
field() { sed -n "s/^$1:[[:space:]]*\([^[:space:]]*\).*/\1/p" "/proc/$pid/status"; }

trap 'exit 0' TERM
told=$(state "$@")
refused='' # the state of which the app didn't want to know
rest=0     # periods until it's asked again
pause=1    # and the time after that
while :; do
    sleep "$period" &
    wait $!
    now=$(state "$@") || continue
    [ "$now" != "$told" ] || continue
    [ "$now" = "$refused" ] || { rest=0 pause=1; }
    if [ "$rest" -gt 0 ]; then
        rest=$((rest - 1))
    elif "$how"; then
        told=$now
        echo "the files have changed, and the app knows"
    else
        echo "the files have changed, and the app couldn't be told: again in a while"
        refused=$now rest=$pause
        [ "$pause" -ge 32 ] || pause=$((pause * 2))
    fi
done
