package trouble

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/lazytrace/lazytrace/eventlog"
)

// What of a message is looked at and kept. Whatever is longer says nothing more
// about what went wrong.
const (
	mostRead     = 64 << 10 // bytes of a message
	mostLines    = 400
	longestLine  = 1000 // bytes; longer lines are minified code more often than words
	longestShown = 200  // runes of a signature and of an example
)

// Signature returns what a message of failure has in common with others that
// tell of the same: its most telling line, in which everything that differs from
// one time to the next is replaced by a word for it. It is one line, at most 200
// characters long, and its own signature.
func Signature(message string) string {
	line := told(message)
	// What is put in, or cut off, may make something else of what is around it.
	for range 16 {
		next := squeeze(alike(line))
		if next = told(next); next == line {
			break
		}
		line = next
	}
	return line
}

// Example returns the line of a message that its signature is made of, as it is,
// for people.
func Example(message string) string { return told(message) }

// lazy compiles a pattern when it is first used: only who asks what went wrong
// waits for it.
func lazy(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}

var (
	// controls are what programs write to a terminal beside their text.
	controls = lazy("\x1b(?:\\[[0-9;:?<=>]*[ -/]*[@-~]|\\][^\x07\x1b]*(?:\x07|\x1b\\\\)?|[PX^_][^\x1b]*(?:\x1b\\\\)?|[ -/]*[0-~])|\u009b[0-9;:?]*[@-~]")
	// A tag around a message, which is for machines, may be cut off by its length.
	tag = lazy(`^\s*<([a-z_-]+(?:error|output|result|stderr))>\s*`)
	// code says how a program ended, and nothing else.
	code = lazy(`(?i)^\W*(?:(?:the )?(?:command|process|program|script)\b.{0,40}?)?(?:exit|exited|returned|failed)(?: with)?(?: an?)?(?: non-?zero)?(?: exit)?(?: code| status)?:? ?\(?(-?\d{1,5})\)?\W*$`)
	// raised is how a traceback ends.
	raised = lazy(`^[A-Za-z_][\w.]*(?:Error|Exception|Interrupt|Exit|Failure|Timeout|NotFound|Warning)\b`)
	// aside stands around what a program wrote: a frame of a stack, a line of
	// code, a command that is shown before it is run, a warning of a compiler.
	aside = lazy(`^(?:> [\w@/.-]+@\S+ \S+|> .+ (?:&&|--) .+|at \S+ ?(?:\(.*\)|\S*:\d+)|file ".*", line \d+.*|>? ?\d+ ?[|│].*|[|│] .*|└─ .*|\S+:\d+: warning: .*|[-+]{3} [ab]?/.*)$`)
	// took is what may stand behind the head of an output.
	took = lazy(`^\W*(?:[\d.]+ ?(?:s|ms|seconds?)?|[0-9a-f]{4,12}|none|empty)?\W*$`)
)

// heads stand above what a program wrote, or say that there is nothing.
var heads = []string{
	"chunk id", "wall time", "original token count", "total output lines", "duration", "output", "stdout", "stderr", "error output",
	"errors", "error", "failed", "exit code", "no output", "(no output)",
}

// busy are how programs say what they are about to do, and what is no failure.
var busy = []string{"running ", "compiling ", "checking ", "building ", "downloading ", "installing ", "collecting ", "getting ", "analyzing ", "warning", "npm warn ", "hint: "}

// around reports whether a line, in lower case, only stands around others.
func around(line string) bool {
	if strings.HasSuffix(line, "...") || strings.HasSuffix(line, "…") {
		return true
	}
	for _, word := range busy {
		if strings.HasPrefix(line, word) {
			return len(line) < 90 || word[0] == 'w' || word[0] == 'n'
		}
	}
	for _, word := range heads {
		if rest, ok := strings.CutPrefix(line, word); ok && took().MatchString(rest) {
			return true
		}
	}
	return strings.Contains(line, ": warning: ") || strings.IndexAny(line, ">afl0123456789|│└-+") == 0 && aside().MatchString(line)
}

// faults are words by which a line tells what went wrong.
var faults = []string{
	"error", "fatal", "fail", "exception", "panic", "denied", "refused", "not found", "no such", "not a", "not exist", "not defined", "not supported",
	"not permitted", "not formatted", "not recognized", "cannot", "can't", "could not", "couldn't", "unable", "invalid", "missing", "unexpected",
	"undefined", "unresolved", "unknown", "timed out", "timeout", "rejected", "aborted", "killed", "does not", "doesn't", "must", "expected",
	"ignored", "exceed", "conflict", "violat", "overloaded", "unauthorized", "forbidden", "segmentation", "overflow", "out of",
}

// fine tells of no fault, in the words for one.
var fine = []string{"0 error", "no error", "0 fail", "no fail", "0 problem", "no problem"}

// tells reports whether a line, in lower case, tells what went wrong.
func tells(line string) bool {
	for _, words := range fine {
		if i := strings.Index(line, words); i == 0 || i > 0 && (line[i-1] < '0' || line[i-1] > '9') {
			return false
		}
	}
	return slices.ContainsFunc(faults, func(word string) bool { return strings.Contains(line, word) })
}

// told returns the line of a message that tells what went wrong: the first that
// has a word for it, of those that are not just around it, else the first that
// says anything, else how the program ended.
func told(message string) string {
	if len(message) > mostRead {
		message = message[:mostRead]
	}
	message = strings.ToValidUTF8(message, "")
	if strings.ContainsAny(message, "\x1b\u009b") {
		message = controls().ReplaceAllString(message, "")
	}
	message = strings.ReplaceAll(message, `\n\n`, "\n") // a hook that spelled its lines twice
	if m := tag().FindStringSubmatch(message); m != nil {
		message = strings.TrimSuffix(strings.TrimRight(message[len(m[0]):], " \n"), "</"+m[1]+">")
	}
	message = eventlog.Prose(message)
	var first, ended, any, last string
	trace, n := false, 0
	for line := range strings.SplitSeq(message, "\n") {
		if n++; n > mostLines {
			break
		}
		line = squeeze(line)
		if line == "" {
			continue
		}
		if any == "" {
			any = line
		}
		if len(line) > longestLine || !hasWord(line) {
			continue
		}
		lower := strings.ToLower(line)
		switch m := ending(line, lower); {
		case m != nil && ended == "":
			ended = "exit code " + m[1]
			continue
		case m != nil:
			continue
		case strings.HasPrefix(line, "Traceback (most recent call last)"):
			trace = true
			continue
		case trace && raised().MatchString(line):
			return cut(line)
		case around(lower):
			continue
		}
		switch {
		case first == "":
			first = line
		case !sentence(first) && sentence(line): // the first was a title
			first = line
		}
		if last == "" && tells(lower) {
			if last = line; !trace {
				break
			}
		}
		if last != "" && !trace {
			break
		}
	}
	for _, line := range []string{last, first, ended, any} {
		if line != "" {
			return cut(line)
		}
	}
	return ""
}

// ending finds out how a program ended, in a line that tells nothing else.
func ending(line, lower string) []string {
	if len(line) > 120 || !strings.Contains(lower, "exit") && !strings.Contains(lower, "code") && !strings.Contains(lower, "status") && !strings.Contains(lower, "return") {
		return nil
	}
	return code().FindStringSubmatch(line)
}

// hasWord reports whether a line has a word of three letters: others draw.
func hasWord(line string) bool {
	n := 0
	for _, r := range line {
		if !unicode.IsLetter(r) {
			n = 0
		} else if n++; n == 3 {
			return true
		}
	}
	return false
}

// squeeze makes one space of all that stands between words.
func squeeze(line string) string {
	line = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r) || unicode.IsControl(r):
			return ' '
		case r >= keptZero && r <= keptZero+9 || r == utf8.RuneError:
			return -1
		}
		return r
	}, line)
	return strings.Join(strings.Fields(line), " ")
}

// sentence reports whether a line is more than a title.
func sentence(line string) bool {
	return strings.Count(plainly(line), " ") > 2 || strings.ContainsAny(line, ":.")
}

// plainly returns a line without what is drawn around its words.
func plainly(line string) string {
	for {
		word, rest, more := strings.Cut(line, " ")
		if strings.Trim(word, "┃│|└─├╰╭━═*=•·×✗✘✖✕→↘>!▶❯-—") != "" || !more {
			return line
		}
		line = rest
	}
}

// cut bounds a line.
func cut(line string) string {
	line = plainly(line)
	if len(line) <= longestShown {
		return line
	}
	n := 0
	for i := range line {
		if n++; n > longestShown {
			return strings.TrimSpace(line[:i])
		}
	}
	return line
}

// keptZero stands for a zero that says what went wrong, like that of the status
// 404, while numbers are replaced; the nine after it for the other digits.
const keptZero = '\ue000'

// said are numbers that tell one failure from another: how a program ended, and
// what a server answered.
var said = lazy(`(?i)\b(?:exit(?:ed)?(?: with)?(?: an?)?(?: non-?zero)?(?:[ _]code|[ _]status)?|signal)[:= (]{1,3}-?\d{1,5}\b|\b(?:http(?:/[\d.]+)?|status(?: code)?|code|error|provider|server|returned|responded with|got|received)[:= (\[]{1,3}[1-5]\d\d\b|^\W?[45]\d\d\b`)

// replacement is something that differs from one time to the next, and the word
// for it.
type replacement struct {
	has     string // one of these must be in it: asking for that is much faster
	pattern func() *regexp.Regexp
	with    string
	holds   func(string) bool // whether what was found is what it looks like; nil is always
}

// names are the ends of names of files that stand alone.
const names = `go|py|js|mjs|cjs|ts|tsx|jsx|rs|rb|java|kt|c|h|cc|cpp|hpp|cs|php|ex|exs|erl|hs|swift|sh|bash|ps1|sql|json|jsonl|toml|yaml|yml|xml|html|css|scss|md|txt|csv|log|lock|mod|sum|cfg|ini|conf|env|db|sqlite|png|jpg|jpeg|svg|gif|pdf|zip|gz|tar|tmp|ipynb|vue|dart|lua|proto|tf`

const digits = "0123456789"

// replacements are made in this order: what is found first hides what it is made
// of from those behind it.
var replacements = []replacement{
	{has: ":", pattern: lazy(`\b[A-Za-z][A-Za-z0-9+.-]{1,15}://[^\s"'<>` + "`" + `)\]}|]+`), with: "<url>"},
	{has: `"`, pattern: lazy("(^|[\\s(\\[{=:,])(?:\"(?:[^\"\\\\]|\\\\.)*\")"), with: `${1}"…"`},
	{has: "`", pattern: lazy("`[^`]*`"), with: "`…`"},
	{has: "“", pattern: lazy(`[“][^”]*[”]`), with: "“…”"},
	{has: "‘", pattern: lazy(`[‘][^’]*[’]`), with: "‘…’"},
	{has: "'", pattern: lazy(`(^|[\s(\[{=:,])'[^']*'`), with: "${1}'…'"},
	{has: digits, pattern: lazy(`\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?: ?(?:Z|UTC|GMT|[+-]\d\d:?\d\d))?)?\b`), with: "<time>"},
	{has: digits, pattern: lazy(`\b\d\d?:\d\d:\d\d(?:[.,]\d+)?(?: ?[AaPp][Mm])?\b`), with: "<time>"},
	{has: digits, pattern: lazy(`\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b`), with: "<id>"},
	// Absolute, of a home, of here; with the line that is meant.
	{has: `/\`, pattern: lazy(`(^|[^\pL\d/\\<>.~…_-])(?:~|\.{1,2}|[A-Za-z]:|<path>)?(?:[/\\][\pL\d_.@+%=~$#-]*[\pL\d_@+%=~$#-])+[/\\]?(?::\d+(?:[:,-]\d+)*|\(\d+(?:,\d+)?\))?`), with: "${1}<path>"},
	// Below here, as far as it is sure to be one.
	{has: `/\`, pattern: lazy(`(^|[^\pL\d/\\<>._-])(?:[\pL\d_.@+-]+/)+[\pL\d_.@+$-]*\.[A-Za-z]\w{0,7}(?::\d+(?:[:,-]\d+)*|\(\d+(?:,\d+)?\))?`), with: "${1}<path>"},
	{has: ".", pattern: lazy(`(^|[^\pL\d/\\<>._-])[\pL\d_.-]*[\pL\d_]\.(?:` + names + `)(?::\d+(?:[:,-]\d+)*|\(\d+(?:,\d+)?\))?\b`), with: "${1}<path>"},
	{has: ".", pattern: lazy(`\b[\w.-]+\.[A-Za-z]\w{0,7}:\d+(?::\d+)?\b`), with: "<path>"},
	{pattern: lazy(`\b(branch|remote|process|session|container|job|thread) [\w./-]*[\d/_-][\w./-]*\b`), with: "${1} <name>"},
	{has: digits, pattern: lazy(`\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b`), with: "<host>"},
	{has: digits, pattern: lazy(`\b0[xX][0-9a-fA-F]+\b`), with: "<id>"},
	{has: digits, pattern: lazy(`\b(?:[0-9a-f]{7,128}|[0-9A-F]{7,128})\b`), with: "<id>", holds: mixed},
	{has: digits, pattern: lazy(`\b[A-Za-z]{2,12}[_-][A-Za-z0-9]{12,}\b`), with: "<id>", holds: mixed},
	{has: digits, pattern: lazy(`\b[A-Za-z0-9]{20,}\b`), with: "<id>", holds: mixed},
	{pattern: lazy(`\b(?:tmp|temp)[._-]?\w{4,}\b`), with: "<tmp>", holds: random},
	{has: digits + "#", pattern: lazy(`\b(?:\d+(?:\.\d+)?|#) ?(?:[KMGTkmgt]i?[Bb]|[Bb]ytes?|B)\b`), with: "<size>"},
	{has: digits, pattern: lazy(`\b\d+(?:\.\d+)? ?(?:ns|µs|us|ms|milliseconds?|secs?|seconds?|mins?|minutes?|hrs?|hours?|days?|s|m|h|d)(?: ?\d+(?:\.\d+)? ?(?:ns|µs|us|ms|milliseconds?|secs?|seconds?|mins?|minutes?|hrs?|hours?|days?|s|m|h|d))*\b`), with: "<duration>"},
	{has: digits, pattern: lazy(`\bv\d+(?:\.\d+)+(?:[-+][\w.]+)?\b`), with: "v#"},
	{has: digits, pattern: lazy(`(^|[^\pL\d_\x{e000}-\x{e009}])[-+]?\d+(?:[.,_]\d+)*`), with: "${1}#"},
	{has: "#>", pattern: lazy(`(#|<size>|<duration>)(?:[:,/] ?(?:#|<size>|<duration>))+`), with: "${1}"},
	{has: "#>", pattern: lazy(`# ((?:[a-z]+ )?(?:error|warning|test|file|failure|problem|issue|occurrence|line|column|match|time|token|item|argument|character|byte|row))(?:e?s)?\b`), with: "# ${1}"},
	{has: ">", pattern: lazy(`<path>(?:[,:]? ?<path>)+`), with: "<path>"},
	{has: ">", pattern: lazy(`<id>(?:[,:-]? ?<id>)+`), with: "<id>"},
}

// alike replaces in a line what differs from one time to the next.
func alike(line string) string {
	line = said().ReplaceAllStringFunc(line, func(found string) string {
		at := strings.LastIndexFunc(found, func(r rune) bool { return (r < '0' || r > '9') && r != '-' }) + 1
		return found[:at] + strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return keptZero + r - '0'
			}
			return r
		}, found[at:])
	})
	for _, r := range replacements {
		if r.has != "" && !strings.ContainsAny(line, r.has) {
			continue
		}
		if r.holds == nil {
			line = r.pattern().ReplaceAllString(line, r.with)
			continue
		}
		line = r.pattern().ReplaceAllStringFunc(line, func(found string) string {
			if r.holds(found) {
				return r.with
			}
			return found
		})
	}
	return strings.TrimRight(strings.Map(func(r rune) rune {
		if r >= keptZero && r <= keptZero+9 {
			return r - keptZero + '0'
		}
		return r
	}, line), " .:;,!")
}

// mixed reports whether letters and digits are mixed, as no word of people's
// mixes them.
func mixed(s string) bool {
	return strings.ContainsAny(s, "0123456789") && strings.ContainsFunc(s, unicode.IsLetter)
}

// random reports whether a name looks as if a program had made it up.
func random(s string) bool {
	return strings.ContainsFunc(s[3:], func(r rune) bool { return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' })
}
