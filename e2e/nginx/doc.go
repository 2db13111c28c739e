// Package nginx proves that the nginx.conf that pattern tlsProxy renders does what
// it promises: Debian's real nginx runs it, unchanged and as the container would -
// its user, no capabilities, no new privileges, a read-only root, the files where
// the volumes mount them - between real clients and a real app.
package nginx
