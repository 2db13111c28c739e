// Package redirect proves that the init container of mode redirect makes a pod's network do what is promised, with the
// real iptables of Debian, both for nftables and legacy: clients in a network of their own reach the rendered nginx in
// place of the app, by IPv4 and IPv6, and what is within the pod reaches the app.
package redirect
