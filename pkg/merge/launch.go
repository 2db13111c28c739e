package merge

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// A launch is how a container starts its app, as far as its command and arguments tell.
type launch struct {
	program string            // what stands in the way of added arguments or variables
	lost    string            // why arguments behind all others don't reach the app; "": they do
	hint    string            // how to let them through
	script  string            // the shell script that starts the app; "": there is none
	sets    map[string]string // variables that the way to the app sets, whatever the container's env has
	drops   []string          // variables that it removes
	clears  bool              // it removes all variables
}

// A wrapper is a program that starts the one that its arguments name.
type wrapper struct {
	values   string // letters of the options that have a value in the next word
	operands int    // words before the program's name
}

// wrappers are those of images and charts that are in wide use. An option's value may also be a part of its word.
var wrappers = map[string]wrapper{
	"tini": {values: "ep"}, "tini-static": {values: "ep"}, "docker-init": {values: "ep"}, "dumb-init": {values: "r"},
	"catatonit": {}, "env": {values: "uCS"}, "nice": {values: "n"}, "ionice": {values: "cnpP"}, "nohup": {}, "setsid": {},
	"stdbuf": {values: "ioe"}, "timeout": {values: "ks", operands: 1}, "su-exec": {operands: 1}, "gosu": {operands: 1},
	"s6-setuidgid": {operands: 1}, "setpriv": {}, "with-contenv": {},
	"setuidgid": {operands: 1}, "chroot": {operands: 1}, "exec": {values: "a"}, "time": {values: "fo"},
	"taskset": {operands: 1}, "numactl": {values: "CNmlp"}, "xvfb-run": {values: "efnpsw"}, "busybox": {},
	"opentelemetry-instrument": {}, "ddtrace-run": {}, "vault-env": {}, "catchsegv": {},
}

// keepers don't hand arguments behind all others on to the app, or only those behind two dashes.
var keepers = map[string]string{
	"npm": "--", "pm2": "--", "pm2-runtime": "--", "cargo": "--", "su": "", "supervisord": "", "s6-svscan": "",
	"runsvdir": "", "foreman": "", "honcho": "", "make": "",
}

const (
	scriptHint = `write "$@" behind the app in the script and the word sh behind the script, or move the app with ` +
		`variables`
	zerothHint = "write the word sh behind the script"
	dashesHint = "write -- at the end of the manifest's arguments"
	keeperHint = "start the app without it, or move the app with variables or its own configuration"
)

// readLaunch reads a container's command and arguments, one after the other.
func readLaunch(words []string) *launch {
	l := &launch{sets: map[string]string{}}
	l.follow(words)
	return l
}

// follow reads the words of one program.
func (l *launch) follow(words []string) {
	if len(words) == 0 {
		return
	}
	name := path.Base(words[0])
	dashes, known := keepers[name]
	w, wraps := wrappers[name]
	inner := slices.Index(words, "--")
	switch {
	case isShellName(name):
		l.program = name
		l.readShell(words[1:])
	case isScriptOption(words[0]) && len(words) > 1 && strings.ContainsAny(words[1], " \n"):
		l.program = "sh" // the image's entrypoint
		l.readShell(words)
	case known && (dashes == "" || inner < 0):
		l.program, l.lost, l.hint = name, "keeps them for itself", keeperHint
		if dashes != "" {
			l.hint = dashesHint
		}
	case wraps:
		l.followInside(name, words[1:], w)
	case inner > 0: // a wrapper that isn't known, perhaps
		l.follow(words[inner+1:])
	}
}

// followInside reads the options of a wrapper and then its program.
func (l *launch) followInside(name string, words []string, w wrapper) {
	i, left := 0, w.operands
	for ; i < len(words); i++ {
		word := words[i]
		key, value, assigns := strings.Cut(word, "=")
		switch {
		case name == "env" && (word == "-" || word == "-i" || word == "--ignore-environment"):
			l.program, l.clears = name, true
		case word == "--":
		case strings.HasPrefix(word, "-"):
			takesNext := len(word) == 2 && strings.Contains(w.values, word[1:]) && i+1 < len(words)
			if name == "env" && takesNext {
				l.readEnvOption(word, words[i+1])
			}
			if takesNext {
				i++
			}
		case name == "env" && assigns:
			l.program, l.sets[key] = name, value
		case left > 0:
			left--
		default:
			l.follow(words[i:])
			return
		}
	}
}

// readEnvOption reads an option of env with its value.
func (l *launch) readEnvOption(option, value string) {
	switch option {
	case "-u":
		l.program, l.drops = "env", append(l.drops, value)
	case "-S":
		l.follow(strings.Fields(value))
	}
}

// readShell reads what stands behind a shell's name.
func (l *launch) readShell(words []string) {
	i, runsText := 0, false
	for ; i < len(words) && len(words[i]) > 1 && strings.IndexByte("-+", words[i][0]) >= 0; i++ {
		word := words[i]
		if word == "--" {
			i++
			break
		}
		runsText = runsText || isScriptOption(word)
		if !strings.HasPrefix(word, "--") && strings.HasSuffix(strings.ToLower(word), "o") {
			i++ // pipefail
		}
	}
	switch rest := words[min(i, len(words)):]; {
	case len(rest) == 0:
		l.lost, l.hint = "has nothing to start", "write the app's command into the manifest"
	case !runsText: // a script in the image: as with an entrypoint, its author knows
	case !passesArgs(rest[0]):
		l.script, l.lost, l.hint = rest[0], "runs a script that doesn't pass them on", scriptHint
	case len(rest) == 1:
		l.script, l.lost, l.hint = rest[0], "takes the first one for the script's name", zerothHint
	default:
		l.script = rest[0]
	}
}

// isShellName reports whether a program is a shell.
func isShellName(name string) bool {
	return slices.Contains([]string{"sh", "bash", "ash", "dash", "zsh", "ksh", "mksh"}, name)
}

// isScriptOption reports whether a shell's option says that the next operand is a script, as -c and -ec do.
func isScriptOption(word string) bool {
	return len(word) > 1 && word[0] == '-' && word[1] != '-' && strings.Contains(word, "c") &&
		strings.Trim(word[1:], "abcefhiklmnpruvxCEHPTo") == ""
}

// passesArgs reports whether a script hands its arguments to a program: "$@" or $* stands behind one that isn't
// known to do something else with them.
func passesArgs(script string) bool {
	for _, command := range strings.FieldsFunc(script, func(r rune) bool { return strings.ContainsRune(";&|\n", r) }) {
		words := strings.Fields(command)
		for len(words) > 0 && slices.Contains([]string{"if", "then", "else", "do", "{", "!", "("}, words[0]) {
			words = words[1:]
		}
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		has := hasAllArgs(command)
		switch words[0] {
		case "echo", "printf", "for", "case", "[", "test", "shift":
		case "set":
			if len(words) > 1 && words[1] == "--" && !has {
				return false
			}
		default:
			if has {
				return true
			}
		}
	}
	return false
}

func hasAllArgs(text string) bool {
	return slices.ContainsFunc([]string{"$@", "$*", "${@", "${*"}, func(all string) bool {
		return strings.Contains(text, all)
	})
}

// overwrites reports whether something on the way to the app gives a variable another value than the container's
// env. For a script that is a guess.
func (l *launch) overwrites(name, value string) (overwritten, guessed bool) {
	theirs, set := l.sets[name]
	if l.clears && !set || slices.Contains(l.drops, name) || set && theirs != value {
		return true, false
	}
	if !strings.Contains(l.script, name+"=") {
		return false, false
	}
	assigned := regexp.MustCompile(`(?:^|[\s;&|({])` + regexp.QuoteMeta(name) + `=([^\s;&|)]*)`)
	for _, m := range assigned.FindAllStringSubmatch(l.script, -1) {
		own := strings.Contains(m[1], "$"+name) || strings.Contains(m[1], "${"+name)
		if !own && strings.Trim(m[1], `"'`) != value {
			return true, true
		}
	}
	return false, false
}
