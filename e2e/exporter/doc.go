// Package exporter proves that what pattern exporter renders does what it promises:
// real exporters run it, unchanged and as the container would, beside a real Redis,
// PostgreSQL and nginx, and a stub of Elasticsearch. They are Debian's and older than
// the images: flags that only newer ones know aren't run here.
package exporter
