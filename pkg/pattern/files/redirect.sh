#!/bin/sh
# shellcheck shell=sh
# Written by outrigger: the pod's network redirects connections to another port. $@: a port, where its connections
# go, and so on. Connections within the pod to 127.0.0.1 and ::1 stay as they are. Each rule is there once, however
# often this runs.
set -eu
# The root file system is read-only, and iptables-legacy needs a file for its lock.
export XTABLES_LOCKFILE=/dev/shm/xtables.lock

ensure() { # ensure PROGRAM TABLE CHAIN RULE...
    program=$1 in=$2 chain=$3
    shift 3
    "$program" -w -t "$in" -C "$chain" "$@" 2>/dev/null || "$program" -w -t "$in" -I "$chain" "$@"
}

redirect() { # redirect PROGRAM LOOPBACK PORT TO...
    program=$1 loopback=$2
    shift 2
    while [ $# -gt 0 ]; do
        # What comes from outside; what the pod sends to its own address goes through lo.
        ensure "$program" nat PREROUTING ! -i lo -p tcp --dport "$1" -j REDIRECT --to-ports "$2" || return 1
        ensure "$program" nat OUTPUT -o lo ! -d "$loopback" -p tcp --dport "$1" -j REDIRECT --to-ports "$2" || return 1
        shift 2
    done
}

has_nat() { # has_nat FILE: iptables-legacy has a nat table here already
    while read -r table; do
        [ "$table" != nat ] || return 0
    done <"$1"
    return 1
} 2>/dev/null

apply() { # apply COMMAND NAMES LOOPBACK PORT TO...: with nftables, unless only the older way is there or in use
    command=$1 names=$2
    shift 2
    if ! has_nat "$names"; then
        if errors=$(redirect "$command-nft" "$@" 2>&1); then
            echo "redirected by $command-nft"
            return 0
        fi
        echo "$command-nft can't: $errors"
    fi
    redirect "$command-legacy" "$@" && echo "redirected by $command-legacy"
}

has_address6() { # the pod can be reached by IPv6: an address of global scope
    while read -r _ _ _ scope _; do
        [ "$scope" != 00 ] || return 0
    done </proc/net/if_inet6
    return 1
} 2>/dev/null

keep_out() { # keep_out PROGRAM PORT TO...: drop what comes from outside to the ports
    program=$1
    shift
    while [ $# -gt 0 ]; do
        ensure "$program" filter INPUT ! -i lo -p tcp --dport "$1" -j DROP || return 1
        shift 2
    done
}

apply iptables /proc/net/ip_tables_names 127.0.0.0/8 "$@"
if [ -e /proc/net/if_inet6 ] && ! apply ip6tables /proc/net/ip6_tables_names ::1 "$@"; then
    if has_address6; then
        echo "the pod has an IPv6 address, where the port can't be redirected" >&2
        exit 1
    fi
    # Others on the pod's link may have its link-local address.
    if keep_out ip6tables-nft "$@" || keep_out ip6tables-legacy "$@"; then
        echo "the pod has no IPv6 address but on its link, where the port is closed"
    else
        echo "the pod has no IPv6 address but on its link, where the port can't be closed" >&2
    fi
fi
