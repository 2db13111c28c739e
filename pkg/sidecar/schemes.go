package sidecar

// TLSSchemes maps plain schemes to the same ones over TLS.
var TLSSchemes = map[string]string{"http": "https", "ws": "wss", "h2c": "https", "redis": "rediss", "amqp": "amqps",
	"mqtt": "mqtts", "ldap": "ldaps", "nats": "tls"}

// OverTLS reports whether scheme is the plain scheme or the same one over TLS.
func OverTLS(plain, scheme string) bool { return plain == scheme || TLSSchemes[plain] == scheme }
