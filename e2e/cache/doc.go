// Package cache proves that what pattern redisCache renders does what it promises: a
// real redis-server and a real memcached run the rendered command line, as the
// container would. Debian 12 has no Valkey; its arguments are Redis' own, so Redis
// stands for it.
package cache
