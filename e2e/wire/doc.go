// Package wire attacks rendered configurations as somebody on the network without credentials would. It sends raw
// requests to the real nginx, and an app behind nginx records the raw requests that reach it. Only requests that probes
// and public paths allow may reach it.
//
// nginx runs on sockets of the file system: no ports are needed, nor root. Everything
// else of its configuration is as rendered. NGINX names another program than Debian's.
package wire
