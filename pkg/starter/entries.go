package starter

// starts has for each pattern the fields of its first entry; where there are several, the first that fits. In braces
// is what the workload has. A comment that begins with "check:" is at a value that only a person can know.
var starts = map[string][]string{
	"tlsProxy": {`
port: {port} # where clients come in; it stays as it is
secretName: {name}-tls # check: the Secret with tls.crt and tls.key
rebind: {preset: {image}}
`, `
port: {port}
secretName: {name}-tls # check: the Secret with tls.crt and tls.key
mode: front # the proxy has a port of its own; rebind moves the app instead, if you know how
networkPolicy: {isolated: true} # check: false if no policy isolates the pods, which leaves other ports open
`},
	"authProxy": {`
port: {port} # where clients come in; it stays as it is
secretName: {name}-tls # check: the Secret with tls.crt and tls.key
basic: {secretName: {name}-users} # check: the Secret with a key auth, as htpasswd writes it
rebind: {preset: {image}}
`, `
port: {port}
secretName: {name}-tls # check: the Secret with tls.crt and tls.key
basic: {secretName: {name}-users} # check: the Secret with a key auth, as htpasswd writes it
mode: front # the proxy has a port of its own; rebind moves the app instead, if you know how
networkPolicy: {isolated: true} # check: false if no policy isolates the pods, which leaves other ports open
`},
	"tunnel": {`
listenPort: 16379 # on 127.0.0.1, in plain, for this pod only
host: redis.example.com # check: the server outside, with TLS
port: 6380 # check: its port
ca: {configMapName: {name}-ca} # check: ca.crt of who signs the server's certificate
env: {REDIS_HOST: 127.0.0.1, REDIS_PORT: "16379"} # check: how the app finds the server
`},
	"exporter": {`
preset: {image}
`},
	"logTail": {`
directory: /var/log/{name} # check: where the app writes its log
files: ["*.log"]
`},
	"configReload": {`
webhook: {url: "http://127.0.0.1:{port}/-/reload"} # check: what makes the app reload
`, `
signal: {process: {image}} # check: what makes the app reload
`},
	"vault": {`
address: https://vault.vault.svc:8200 # check: the server
role: {quoted} # check: the role for the ServiceAccount of the pod
files: # in /vault/secrets
  - {path: {name}.env, secret: secret/data/{name}, format: env} # check: the secret
`},
	"redisCache": {`
maxMemory: 64Mi # then what was used least recently goes
`},
	"sysctl": {`
sysctls:
  - {name: net.ipv4.tcp_keepalive_time, value: "300"} # check: what the app needs
`},
	"permissions": {`
volumes: [{volume}]
`, `
volumes: [{volume}]
runAsGroup: 1000 # check: the group of the app
`},
	"migrate": {`
command: [/bin/migrate] # check: the command in the app's image
`},
	"fetch": {`
url: https://files.example.com/{name}.bin # check: the file
sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 # check: its checksum
mountPath: /fetched
sizeLimit: 1Gi
`},
	"waitFor": {`
targets: [postgres:5432] # check: what must answer first
`},
	"gitSync": {`
repo: https://git.example.com/team/{name} # check: the repository
ref: main
mountPath: /content # the files are in /content/current
sizeLimit: 200Mi
`},
	"otelAgent": {`
endpoint: https://otel.example.com:4317 # check: the collector that it sends to
`},
	"javaAgent": {`
preset: opentelemetry
serviceName: {quoted}
endpoint: http://collector.telemetry:4318 # check: the collector that it sends to
`},
	"custom": {`
containers:
  - {name: helper, image: "registry.example/name:1.2"} # check: the container
`},
}
