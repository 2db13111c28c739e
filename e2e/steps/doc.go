// Package steps proves that what runs before the app does what it promises: real
// shells, a real curl and a real rclone run what is rendered, unchanged and as the
// containers would, against servers that cut, refuse and come late, on folders that
// belong to others, and on the kernel's own settings.
package steps
