// Package connectproxy stands in for one that dials through HTTP proxies: tunnels
// connect by themselves.
package connectproxy

import (
	"errors"
	"net/url"

	"golang.org/x/net/proxy"
)

// ConnectProxy refuses.
func ConnectProxy(*url.URL, proxy.Dialer) (proxy.Dialer, error) {
	return nil, errors.New("this ghostunnel was built without HTTP proxies")
}
