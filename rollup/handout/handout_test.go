package handout

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

var update = flag.Bool("update", false, "write the golden documents anew")

func at(sec float64) eventlog.Stamp { return eventlog.Stamp((1_800_000_000 + sec) * 1e9) }

// options hand over what events tell, each session by itself.
func options(t testing.TB, events ...eventlog.Event) Options {
	t.Helper()
	sources := eventlog.NewSources(eventlog.NewSymbols())
	log := eventlog.NewMemory(sources)
	if err := log.WriteEvents(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	cat := sources.Catalog()
	opt := Options{Catalog: cat, Now: at(90_000), Open: func(context.Context, *eventlog.Session) (eventlog.Log, error) { return log, nil }}
	for _, s := range cat.Sessions {
		if s.Parent == nil {
			opt.Sessions = append(opt.Sessions, s)
		}
	}
	slices.SortFunc(opt.Sessions, func(a, b *eventlog.Session) int { return strings.Compare(a.ID, b.ID) })
	return opt
}

func written(t testing.TB, opt Options) string { return document(t, HTML, opt) }

func document(t testing.TB, write func(context.Context, io.Writer, Options) error, opt Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := write(t.Context(), &b, opt); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func bill(model string, n int64, source eventlog.CostSource, cents int64) *eventlog.Bill {
	b := &eventlog.Bill{Call: eventlog.Identify(model, fmt.Sprint(n)), Usage: eventlog.Usage{Input: 100 * n, CacheRead: 1000, Output: 50, Reasoning: 20}, Source: source}
	if source != eventlog.Unpriced {
		b.Cost = eventlog.Money(cents) * eventlog.Dollar / 100
	}
	return b
}

// work is a session with something of everything: a question, thoughts, calls, an
// edit, a failure, a sub-agent, a night.
func work(session string) []eventlog.Event {
	raw := func(s string) json.RawMessage { return json.RawMessage(s) }
	events := []eventlog.Event{
		{Kind: eventlog.AgentStart, RunID: "r1", Agent: "main", Time: at(0), Facts: &eventlog.Facts{Name: "Mend the lock", Goal: "Mend the lock in checkout", Started: at(0), Directory: "/home/dev/shop", Branch: "main"}},
		{Kind: eventlog.Message, RunID: "r1", Tool: "user", Type: "user", ID: "u1", Time: at(0.1), Text: "Mend the **lock** in `checkout`.\n\n```go\nif a < b { }\n```"},
		{Kind: eventlog.ModelResponse, RunID: "r1", CallID: "m1", Model: "large-1", Began: at(0.2), Time: at(2), Text: "I will look first.", Bill: bill("large-1", 1, eventlog.Recorded, 12), Details: []eventlog.Detail{{Name: "thinking", Value: "Where is it taken?"}}},
		{Kind: eventlog.ToolCall, RunID: "r1", CallID: "c1", Tool: "Bash", Time: at(2.1), Input: raw(`{"command":"grep -rn 'lock' . | head"}`)},
		{Kind: eventlog.ToolError, RunID: "r1", CallID: "c1", Tool: "Bash", Time: at(3), Failed: true, Message: "exit status 2\ngrep: ./x: denied"},
		{Kind: eventlog.ToolCall, RunID: "r1", CallID: "c2", Tool: "Task", Time: at(3.1), Input: raw(`{"description":"find it","prompt":"Who takes the lock?"}`), Spawns: true},
		{Kind: eventlog.AgentStart, RunID: "r2", ParentRunID: "r1", ParentCall: "c2", Agent: "explore", Time: at(3.2), Text: "Who takes the lock?"},
		{Kind: eventlog.ModelResponse, RunID: "r2", CallID: "m2", Model: "small-1", Began: at(3.3), Time: at(5), Text: "Two callers do.", Bill: bill("small-1", 2, eventlog.Unpriced, 0)},
		{Kind: eventlog.AgentFinish, RunID: "r2", Agent: "explore", Time: at(5.1), Text: "Two callers do."},
		{Kind: eventlog.ToolResult, RunID: "r1", CallID: "c2", Tool: "Task", Time: at(5.2), Text: "Two callers do."},
		{Kind: eventlog.Message, RunID: "r1", Tool: "user", Type: "user", ID: "u2", Time: at(7200), Text: "Go on."},
		{Kind: eventlog.ToolCall, RunID: "r1", CallID: "c3", Tool: "Edit", Time: at(7201), Input: raw(`{"file_path":"lock.go","old_string":"a.Lock()","new_string":"if !a.held {\n\ta.Lock()\n}"}`)},
		{Kind: eventlog.ToolResult, RunID: "r1", CallID: "c3", Tool: "Edit", Time: at(7201.4), Text: "done"},
		{Kind: eventlog.ModelResponse, RunID: "r1", CallID: "m3", Model: "large-1", Began: at(7202), Time: at(7203), Text: "Mended.", Bill: bill("large-1", 3, eventlog.Estimated, 5)},
		{Kind: eventlog.AgentFinish, RunID: "r1", Agent: "main", Time: at(7204), Outcome: eventlog.Success, Facts: &eventlog.Facts{Closed: true, Outcome: eventlog.Success}},
	}
	for i := range events {
		events[i].SessionID = session
	}
	return events
}

func TestGolden(t *testing.T) {
	t.Parallel()
	opt := options(t, work("s-1")...)
	bounded := opt
	bounded.MaxTokens = 800
	for name, text := range map[string]string{"page.html": written(t, opt), "whole.md": document(t, Markdown, opt), "bounded.md": document(t, Markdown, bounded)} {
		text = strings.Replace(text, pageStyle, "", 1) // it is a file of its own
		path := filepath.Join("testdata", name+".golden")
		if *update {
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if text != string(want) {
			t.Errorf("%s is not as it was; see it with -update", name)
		}
	}
}

// A page tells what the ledger says: recorded, estimated and unpriced apart.
func TestCostsAreToldApart(t *testing.T) {
	t.Parallel()
	text := written(t, options(t, work("s-1")...))
	for _, want := range []string{"~$0.17&#43;", "$0.12 recorded, ~$0.050 estimated, 1 call without a price", "exit status 2", "Two callers do.", `<span class="plus">&#43;`, "2 errors"} {
		if want == "2 errors" {
			want = "1 error"
		}
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if strings.Count(text, "Two callers do.") > 4 {
		t.Error("an answer is told again and again")
	}
}

// Figures are spelled with signs that are markup elsewhere.
func TestSmallCosts(t *testing.T) {
	t.Parallel()
	events := work("s-1")
	for i := range events {
		if b := events[i].Bill; b != nil {
			b.Cost, b.Source = 1, eventlog.Recorded
		}
	}
	text := written(t, options(t, events...))
	inspect(t, text)
	if !strings.Contains(text, "turn 2 · ") || !strings.Contains(text, "$&lt;.001</p>") {
		t.Error("a turn does not tell its cost")
	}
}

// allowed are the elements and attributes that a page is made of. None of them runs
// or fetches anything: links go to places of the page only.
var allowed = map[string][]string{
	"html": {"lang"}, "head": nil, "meta": {"charset", "http-equiv", "content", "name"}, "style": nil, "title": nil, "body": nil,
	"header": {"class"}, "footer": nil, "nav": nil, "section": {"class"}, "article": {"class", "id", "style"}, "div": {"class", "style"},
	"h1": {"id"}, "h2": nil, "h3": nil, "p": {"class", "id", "style"}, "pre": {"class"}, "code": nil, "b": {"class"}, "i": {"class"},
	"span": {"class", "style", "title"}, "time": {"class"}, "a": {"href"}, "dl": {"class"}, "dt": nil, "dd": nil, "ul": {"class"}, "ol": nil, "li": nil,
	"table": {"class"}, "thead": nil, "tbody": nil, "tr": nil, "th": {"class"}, "td": {"class"}, "details": {"class", "id", "open"}, "summary": nil,
}

// inspect reads a page as strict XML, and holds it to what pages are made of.
func inspect(t *testing.T, text string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(text))
	ids, links := map[string]bool{}, map[string]bool{}
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("the page is not well-formed: %v", err)
		}
		switch v := token.(type) {
		case xml.Comment, xml.ProcInst:
			t.Errorf("the page holds %v", v)
		case xml.Directive:
			if string(v) != "DOCTYPE html" {
				t.Errorf("the page holds <!%s>", v)
			}
		case xml.StartElement:
			names, ok := allowed[v.Name.Local]
			if !ok {
				t.Errorf("the page has an element %s", v.Name.Local)
			}
			for _, a := range v.Attr {
				switch {
				case !slices.Contains(names, a.Name.Local):
					t.Errorf("the page has %s with %s=%q", v.Name.Local, a.Name.Local, a.Value)
				case a.Name.Local == "href":
					links[strings.TrimPrefix(a.Value, "#")] = true
					if !strings.HasPrefix(a.Value, "#s") {
						t.Errorf("a link goes to %q", a.Value)
					}
				case a.Name.Local == "style" && strings.Trim(a.Value, "abcdefghijklmnopqrstuvwxyz-:;.%0123456789") != "":
					t.Errorf("a style is %q", a.Value)
				case a.Name.Local == "id":
					if ids[a.Value] {
						t.Errorf("two elements are called %q", a.Value)
					}
					ids[a.Value] = true
				}
			}
		}
	}
	if !strings.Contains(text, "Content-Security-Policy") || strings.Index(text, "Content-Security-Policy") > strings.Index(text, "<style>") {
		t.Error("no policy stands before everything else")
	}
}

// attacks are texts that want to be markup, a link, a script or the end of
// something.
var attacks = []string{
	`<script>document.title='x'</script>`, `<img src=x onerror=alert(1)>`, `" onmouseover="alert(1)`, `' style='background:url(//evil.example/x)`, `javascript:alert(1)`,
	`</pre></details></body></html><svg onload=alert(1)>`, `</style><script>alert(1)</script>`, `<!--`, `-->`, `]]>`, `<![CDATA[x]]>`, `&lt;b&gt;`, `&#x3c;script&#x3e;`, `{{.}}`, `{{define "x"}}`, `${7*7}`,
	"```\n# out\n[x](javascript:alert(1))\n```", "````````\n<img src=x>\n", "`a` ``b`` ```c```", "`", "[x](https://evil.example)", "![x](https://evil.example/p.png)", "https://evil.example/auto", "@everybody #1",
	"|a|b|\n|--|--|", "- x\n- [ ] y\n\n    code", "</summary></details>", "~~~\nx\n~~~", "a\x00b\x1b[2Jc\u202ed\u2028e\ufffef\uffffg", "\xff\xfe<b>", "=HYPERLINK(\"http://x\")", "../../etc/passwd", strings.Repeat("é`<", 3000), "$$x$$ $`x`$", "\\`<b>\\`", "::: x", "<details open ontoggle=alert(1)>", "expression(alert(1))", "url(javascript:alert(1))",
}

// hostile is a session in which everything that is foreign is an attack.
func hostile(attack string) []eventlog.Event {
	quoted, _ := json.Marshal(attack)
	one := json.RawMessage(`{"command":` + string(quoted) + `}`)
	two := json.RawMessage(`{` + string(quoted) + `:` + string(quoted) + `}`)
	edit := json.RawMessage(`{"file_path":` + string(quoted) + `,"old_string":"a","new_string":` + string(quoted) + `}`)
	events := []eventlog.Event{
		{Kind: eventlog.AgentStart, RunID: attack, Agent: attack, Time: at(0), Text: attack + " task", Facts: &eventlog.Facts{Name: attack, Goal: attack + " goal", Title: attack, Directory: attack, Branch: attack, FailureReason: attack, Version: attack, Experiment: attack, Variant: attack, Agent: attack}},
		{Kind: eventlog.Message, RunID: attack, Tool: "user", Type: attack, ID: "u" + attack, Time: at(1), Text: attack, Details: []eventlog.Detail{{Name: "image", Value: attack}}},
		{Kind: eventlog.Message, RunID: attack, Tool: "system", Type: attack, ID: "y" + attack, Time: at(1), Text: attack + attack, Hidden: true},
		{Kind: eventlog.ModelResponse, RunID: attack, CallID: attack, Model: attack, Provider: attack, Time: at(2), Text: attack + " answer", Bill: bill(attack, 1, eventlog.Recorded, 1), Details: []eventlog.Detail{{Name: "thinking", Value: attack}}},
		{Kind: eventlog.ToolCall, RunID: attack, CallID: "c1", Tool: attack, Time: at(3), Input: one},
		{Kind: eventlog.ToolError, RunID: attack, CallID: "c1", Tool: attack, Time: at(4), Message: attack, Failed: true},
		{Kind: eventlog.ToolCall, RunID: attack, CallID: "c2", Tool: attack, Time: at(3), Input: two},
		{Kind: eventlog.ToolResult, RunID: attack, CallID: "c2", Tool: attack, Time: at(4), Output: two},
		{Kind: eventlog.ToolCall, RunID: attack, CallID: "c3", Tool: "Edit", Time: at(5), Input: edit},
		{Kind: eventlog.ToolResult, RunID: attack, CallID: "c3", Tool: "Edit", Time: at(6), Text: attack},
		{Kind: eventlog.Custom, Type: attack, RunID: attack, Time: at(7), Text: attack},
		{Kind: eventlog.HILDecision, RunID: attack, Tool: attack, Time: at(8), Text: attack},
		{Kind: eventlog.Error, RunID: attack, Time: at(9), Message: attack, Failed: true},
		{Kind: eventlog.AgentFinish, RunID: attack, Agent: attack, Time: at(10), Text: attack + " result"},
	}
	for i := range events {
		events[i].SessionID = "s" + attack
	}
	return events
}

func TestNothingForeignIsAlive(t *testing.T) {
	t.Parallel()
	for _, attack := range attacks {
		events := hostile(attack)
		for i := range events { // a second session, so that there is a list
			again := events[i]
			again.SessionID = "t" + attack
			events = append(events, again)
		}
		opt := options(t, events...)
		inspect(t, written(t, opt))
		inspectMarkdown(t, document(t, Markdown, opt), attack)
		opt.MaxTokens = 3000
		inspectMarkdown(t, document(t, Markdown, opt), attack)
	}
}

// inspectMarkdown takes the code out of a document, as a reader of Markdown does, and
// looks at what is left: it must be words and marks of ours.
func inspectMarkdown(t *testing.T, text, attack string) {
	t.Helper()
	var left strings.Builder
	fence := ""
	for l := range strings.SplitSeq(text, "\n") {
		trimmed := strings.TrimLeft(l, " ")
		ticks := len(trimmed) - len(strings.TrimLeft(trimmed, "`"))
		switch {
		case fence != "":
			if ticks >= len(fence) && strings.Trim(trimmed, "`") == "" {
				fence = ""
			}
			continue
		case ticks >= 3 && !strings.Contains(trimmed[ticks:], "`"):
			fence = trimmed[:ticks]
			continue
		}
		// Code within the line.
		for {
			i := strings.IndexByte(l, '`')
			if i < 0 {
				break
			}
			n := len(l[i:]) - len(strings.TrimLeft(l[i:], "`"))
			mark := l[i : i+n]
			end := i + n
			for {
				j := strings.Index(l[end:], mark)
				if j < 0 {
					t.Fatalf("%q: code is not ended in %q", attack, l)
				}
				end += j
				run := len(l[end:]) - len(strings.TrimLeft(l[end:], "`"))
				if run == n {
					break
				}
				end += run
			}
			l = l[:i] + l[end+n:]
		}
		left.WriteString(l + "\n")
	}
	if fence != "" {
		t.Errorf("%q: a fence is not ended", attack)
	}
	rest := left.String()
	for strings.Contains(rest, "<code>") {
		i, j := strings.Index(rest, "<code>"), strings.Index(rest, "</code>")
		if j < i || strings.ContainsAny(rest[i+len("<code>"):j], "<>\"\n`") {
			t.Fatalf("%q: code in a summary is open", attack)
		}
		rest = rest[:i] + rest[j+len("</code>"):]
	}
	for _, ours := range []string{"<details>", "</details>", "<summary>", "</summary>"} {
		rest = strings.ReplaceAll(rest, ours, "")
	}
	for _, alive := range []string{"<", ">", "evil", "](", "@", "script", "alert", "passwd", "{{", "\x1b", "\u202e"} {
		if strings.Contains(rest, alive) {
			i := strings.Index(rest, alive)
			t.Errorf("%q: %q is outside of code: %q", attack, alive, rest[max(0, i-60):min(len(rest), i+60)])
		}
	}
}

// A document of a bound keeps to it, says what it leaves out, and keeps the end and
// what went wrong.
func TestTokensAreBounded(t *testing.T) {
	t.Parallel()
	events := long(400)
	for _, sessions := range []int{1, 3} {
		all := slices.Clone(events)
		for n := 1; n < sessions; n++ {
			for _, e := range events {
				e.SessionID = fmt.Sprint("more", n)
				all = append(all, e)
			}
		}
		opt := options(t, all...)
		for _, most := range []int{500, 1000, 3000, 20_000, 100_000} {
			opt.MaxTokens = most
			text := document(t, Markdown, opt)
			if got := Tokens(text); got > most {
				t.Errorf("%d sessions, at most %d tokens: %d", sessions, most, got)
			}
			if !strings.Contains(text, "left out") {
				t.Errorf("%d sessions, at most %d tokens: nothing is said of what is missing", sessions, most)
			}
			if !strings.Contains(text, "main") {
				t.Errorf("%d sessions, at most %d tokens: no session is told of", sessions, most)
			}
			if most >= 3000*sessions && (!strings.Contains(text, "the last word") || !strings.Contains(text, "it broke")) {
				t.Errorf("%d sessions, at most %d tokens: the end or the failure is missing", sessions, most)
			}
		}
	}
}

// long is a session of many steps with long bodies.
func long(steps int) []eventlog.Event {
	body := strings.Repeat("Some words <of> a \"log\" & more; ", 60)
	events := []eventlog.Event{{Kind: eventlog.AgentStart, SessionID: "s", RunID: "r", Agent: "main", Time: at(0), Text: "the first word"}}
	for i := range steps {
		id := fmt.Sprint("c", i)
		t := float64(i * 10)
		events = append(events,
			eventlog.Event{Kind: eventlog.ModelResponse, SessionID: "s", RunID: "r", CallID: "m" + id, Model: "large-1", Time: at(t + 1), Text: fmt.Sprint("step ", i, " ", body)},
			eventlog.Event{Kind: eventlog.ToolCall, SessionID: "s", RunID: "r", CallID: id, Tool: "Read", Time: at(t + 2), Input: json.RawMessage(`{"path":"` + id + `"}`)},
			eventlog.Event{Kind: eventlog.ToolResult, SessionID: "s", RunID: "r", CallID: id, Tool: "Read", Time: at(t + 3), Text: id + body})
		if i == steps/2 {
			last := &events[len(events)-1]
			last.Kind, last.Failed, last.Message, last.Text = eventlog.ToolError, true, "it broke", ""
		}
	}
	return append(events, eventlog.Event{Kind: eventlog.ModelResponse, SessionID: "s", RunID: "r", CallID: "end", Model: "large-1", Time: at(1e5), Text: "the last word"})
}

func TestBytesAreBounded(t *testing.T) {
	t.Parallel()
	opt := options(t, append(long(600), hostile(strings.Repeat(`"<&'`, 5000))...)...)
	whole := written(t, opt)
	for _, most := range []int64{64 << 10, 200 << 10, 1 << 20} {
		opt.MaxBytes = most
		text := written(t, opt)
		inspect(t, text)
		if int64(len(text)) > most {
			t.Errorf("at most %d bytes: %d", most, len(text))
		}
		if len(text) < len(whole) && !strings.Contains(text, "left out") {
			t.Errorf("at most %d bytes: nothing is said of what is missing", most)
		}
	}
	opt.Sessions = opt.Sessions[:1]
	if opt.MaxBytes = 300 << 10; !strings.Contains(written(t, opt), "the last word") || !strings.Contains(written(t, opt), "the first word") || !strings.Contains(written(t, opt), "it broke") {
		t.Error("the beginning, the end or the failure is missing")
	}
	if whole := written(t, options(t, long(100)...)); strings.Contains(whole, "left out") {
		t.Error("something is missing where there is room")
	}
}

// However deep a log is, a document of it can be read.
func TestDeepLog(t *testing.T) {
	t.Parallel()
	var events []eventlog.Event
	for i := range 3000 {
		e := eventlog.Event{Kind: eventlog.AgentStart, SessionID: "s", RunID: fmt.Sprint("r", i), Agent: "a", Time: at(float64(i)), Text: fmt.Sprint("task ", i)}
		if i > 0 {
			e.ParentRunID = fmt.Sprint("r", i-1)
		}
		events = append(events, e)
	}
	opt := options(t, events...)
	text := written(t, opt)
	inspect(t, text)
	depth, most := 0, 0
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		token, err := d.Token()
		if err != nil {
			break
		}
		switch token.(type) {
		case xml.StartElement:
			depth++
			most = max(most, depth)
		case xml.EndElement:
			depth--
		}
	}
	if most > 250 {
		t.Errorf("elements are nested %d deep", most)
	}
	inspectMarkdown(t, document(t, Markdown, opt), "deep")
}

func FuzzDocuments(f *testing.F) {
	for _, attack := range attacks {
		f.Add(attack)
	}
	f.Fuzz(func(t *testing.T, attack string) {
		opt := options(t, hostile(attack)...)
		text := written(t, opt)
		d := xml.NewDecoder(strings.NewReader(text))
		for {
			token, err := d.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("%q: %v", attack, err)
			}
			if e, ok := token.(xml.StartElement); ok && allowed[e.Name.Local] == nil && !slices.Contains([]string{"head", "style", "title", "body", "footer", "nav", "h2", "h3", "code", "dt", "dd", "ol", "li", "thead", "tbody", "tr", "summary"}, e.Name.Local) {
				t.Fatalf("%q: an element %s", attack, e.Name.Local)
			}
		}
		for _, opt.MaxTokens = range []int{500, 2000} {
			if got := Tokens(document(t, Markdown, opt)); got > opt.MaxTokens {
				t.Fatalf("%q: %d tokens", attack, got)
			}
		}
	})
}
