package sidecar

// TLSSchemes are schemes in plain and what they're called over TLS.
var TLSSchemes = map[string]string{"http": "https", "ws": "wss", "h2c": "https", "redis": "rediss", "amqp": "amqps",
	"mqtt": "mqtts", "ldap": "ldaps", "nats": "tls"}

// OverTLS reports whether two schemes are one, without TLS or not, and over TLS.
func OverTLS(plain, scheme string) bool { return plain == scheme || TLSSchemes[plain] == scheme }
