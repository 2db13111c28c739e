// Package logtail runs rendered log tails with the real busybox, as the first process of
// their containers, under the app's user, while files are written, rotated and removed.
package logtail
