package neighbour

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// followExec updates a command that the kubelet runs in a container: on the pod's own loopback, it reaches the proxy
// now. The command is rewritten if its app is known and all its words are. Otherwise, the words that name the port are
// reported.
func (p *probeUpdater) followExec(at sidecar.Path, command []string) {
	t := &p.takeover
	if !t.MovesApp() {
		return // the app is where it was
	}
	words := regexp.MustCompile(fmt.Sprintf(`(--?[A-Za-z-]+[= ]?|[A-Za-z0-9._-]*:|\b)%d\b`, t.Port))
	reported := false
	for i, arg := range command {
		for _, m := range words.FindAllStringSubmatch(arg, -1) {
			if host, ok := strings.CutSuffix(m[1], ":"); ok && host != "" && !isLoopback(host) && host != "0.0.0.0" {
				continue // the port of another host
			}
			if t.Commands && p.rewriteCommand(at, command, i) {
				break
			}
			if !reported {
				reported = true
				p.addFinding(sidecar.Warning, "probe-exec-port", at,
					fmt.Sprintf("the command names port %d as %s, but the proxy listens there now and the app on 127.0.0.1:%d",
						t.Port, m[0], t.AppPort),
					fmt.Sprintf("write %s%d", m[1], t.AppPort))
			}
		}
	}
	if program := impliedProgram(command, t.Port); program != "" {
		p.addFinding(sidecar.Warning, "probe-exec-port", at,
			fmt.Sprintf("%s connects to port %d by default, but the proxy listens there now and the app on 127.0.0.1:%d",
				program, t.Port, t.AppPort),
			fmt.Sprintf("write %s %s %d", program, programPorts[program].flag, t.AppPort))
	}
}

// programPorts are the default ports of programs, and the argument before another port.
var programPorts = map[string]struct {
	port int32
	flag string
}{
	"redis-cli": {6379, "-p"}, "valkey-cli": {6379, "-p"}, "mongosh": {27017, "--port"}, "mongo": {27017, "--port"},
	"clickhouse-client": {9000, "--port"}, "cqlsh": {9042, "127.0.0.1"},
}

var (
	programName = lazyRegexp(`[A-Za-z-]+`)
	// connectionFlag matches a port, a host or a socket among the arguments.
	connectionFlag = lazyRegexp(`(^|\s)(-p|--port|-s|--socket|-u|--uri|-h|--host)|:\d+\b|://`)
	loopbackFlag   = lazyRegexp(`(-h|--host)[= ]*(localhost|127\.0\.0\.1)\b`)
)

// impliedProgram returns the program in a command that connects to a port by default, or "".
func impliedProgram(command []string, port int32) string {
	all := strings.Join(command, " ")
	if connectionFlag().MatchString(loopbackFlag().ReplaceAllString(all, "")) {
		return ""
	}
	for _, word := range programName().FindAllString(all, -1) {
		if known, ok := programPorts[word]; ok && known.port == port {
			return word
		}
	}
	return ""
}

// commandWord and commandAddress match the words of a command that can be rewritten. The record repeats the command, so
// it must not contain a secret.
var (
	commandWord = lazyRegexp(`^(sh|-c|localhost|127\.0\.0\.1|curl|wget|nc|grep|exit|true|false|redis-cli|valkey-cli|` +
		`PING|ping|PONG|[|&]{1,2}|[0-9]{1,5}|-|/dev/null|-[fsSkqLIOTtipozvw]{1,5}-?|-p[0-9]{1,5}|` +
		`--(fail|silent|show-error|insecure|quiet|spider|location|head|output|max-time|timeout|tries|port))$`)
	commandAddress = lazyRegexp(`^['"]?(http://)?(localhost|127\.0\.0\.1):[0-9]+(/[A-Za-z0-9_./-]*)?` +
		`(\?[a-z_]+(=(true|false|green|yellow|red|[0-9]{1,3}s))?` +
		`(&[a-z_]+(=(true|false|green|yellow|red|[0-9]{1,3}s))?)*)?['"]?$`)
)

// rewriteCommand replaces the port in one argument of a command by the app's new one, and reports whether it could.
func (p *probeUpdater) rewriteCommand(at sidecar.Path, command []string, i int) bool {
	arg := command[i]
	count := 0
	for _, other := range command {
		if other == arg { // the path of an argument has its value, so it must be the only one
			count++
		}
		for _, word := range strings.Fields(other) {
			if !commandWord().MatchString(word) && !commandAddress().MatchString(word) {
				return false
			}
		}
	}
	from, to := strconv.Itoa(int(p.takeover.Port)), strconv.Itoa(int(p.takeover.AppPort))
	words := strings.Fields(arg)
	for j, word := range words {
		before := ""
		if j > 0 {
			before = words[j-1]
		} else if i > 0 {
			before = command[i-1]
		}
		switch {
		case commandAddress().MatchString(word):
			words[j] = regexp.MustCompile(`:`+from+`\b`).ReplaceAllString(word, ":"+to)
		case word == "-p"+from, word == from && (before == "-p" || before == "--port" || isLoopback(before)):
			words[j] = strings.Replace(word, from, to, 1)
		}
	}
	rewritten := strings.Join(words, " ")
	if count != 1 || rewritten == arg || strings.Join(strings.Fields(arg), " ") != arg {
		return false
	}
	e := p.newEdit(at.To("command").At(".", arg), rewritten)
	e.Was = arg
	p.r.addEdits(e)
	return true
}

// isProbeOrHook reports whether a path leads into a probe or a hook, which followProbes updates.
func isProbeOrHook(at sidecar.Path) bool {
	return slices.ContainsFunc(at, func(s sidecar.Step) bool {
		return s.Field == startup || s.Field == liveness || s.Field == readiness || s.Field == "lifecycle"
	})
}
