// Package reload proves that what pattern configReload renders does what it promises:
// the rendered script, run by a busybox and a curl as the container would, tells an
// app and a real nginx when their volumes change as the kubelet changes them.
package reload
