package pattern

import (
	"errors"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// RedisCache is to be written.
type RedisCache struct{}

var _ sidecar.Pattern = (*RedisCache)(nil)

// Change fails so far.
func (p *RedisCache) Change(w *sidecar.Workload) (*sidecar.Change, error) {
	return nil, errors.New("redisCache can't be done yet")
}
