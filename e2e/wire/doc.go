// Package wire attacks the setups that outrigger renders, as somebody on the network
// without credentials would: raw requests go to the real nginx, and an app behind it
// records the raw requests that reach it. It may see those that probes and public
// paths allow, and nothing else.
//
// nginx runs on sockets of the file system: no ports are needed, nor root. Everything
// else of its configuration is as rendered. NGINX names another program than Debian's.
package wire
