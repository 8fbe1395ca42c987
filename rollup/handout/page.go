package handout

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"strconv"
	"strings"
	"sync"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/eventlog/talk"
)

//go:embed page.gohtml
var pageText string

//go:embed page.css
var pageStyle string

// Everything that is foreign goes through these, and nothing else makes markup of
// it. A page is well-formed XML as well, so that nobody has to guess where an
// element ends.
var pageParts = sync.OnceValue(func() *template.Template { return template.Must(template.New("page").Parse(pageText)) })

// The policy lets a page ask for nothing, wherever it is opened, and run nothing.
const pageHead = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="color-scheme" content="light dark"/>
<meta name="referrer" content="no-referrer"/>
<meta name="robots" content="noindex"/>
`

// HTML writes a page: one file that needs no other, without a script.
func HTML(ctx context.Context, w io.Writer, opt Options) error {
	p := page{w: w, opt: &opt, left: cmp.Or(opt.MaxBytes, DefaultBytes)}
	p.text(pageHead + "<style>\n" + pageStyle + "</style>\n")
	title := "no session"
	if n := len(opt.Sessions); n == 1 {
		title = titleOf(opt.Sessions[0])
	} else if n > 1 {
		title = figure.Plural(int64(n), "session")
	}
	p.part("top", map[string]any{"Title": line(title, 160)})
	if len(opt.Sessions) > 1 {
		p.contents(title)
	}
	calls := newLedger(&opt)
	for i, s := range opt.Sessions {
		if p.err != nil {
			break
		}
		told, err := p.session(ctx, calls, i+1, s)
		if err != nil {
			return err
		}
		if !told {
			p.part("cut", figure.Plural(int64(len(opt.Sessions)-i), "session")+" more are left out: the page may not be larger (--max-bytes).")
			break
		}
	}
	p.part("foot", "Written by lazytrace on "+moment(opt.Now)+". Secrets that were recognised are masked. This file asks for nothing from anywhere and runs nothing.")
	p.text("</body>\n</html>\n")
	return p.err
}

// page is a page that is being written.
type page struct {
	w    io.Writer
	opt  *Options
	left int64 // bytes that it may still have
	err  error
}

func (p *page) text(text string) { p.bytes([]byte(text)) }

func (p *page) bytes(text []byte) {
	if p.err == nil {
		_, p.err = p.w.Write(text)
		p.left -= int64(len(text))
	}
}

func (p *page) part(name string, data any) { p.bytes(render(name, data)) }

// render makes a part. That a template does not fit its data is a fault of ours.
func render(name string, data any) []byte {
	var b bytes.Buffer
	if err := pageParts().ExecuteTemplate(&b, name, data); err != nil {
		panic(fmt.Sprintf("handout: %s: %v", name, err))
	}
	return bytes.TrimLeft(b.Bytes(), "\n")
}

// contents lists the sessions.
func (p *page) contents(title string) {
	type entry struct {
		Number                          int
		Title, State, Class, Took, Cost string
		Errors                          string
	}
	var list []entry
	for i, s := range p.opt.Sessions {
		t := story{session: s}
		e := entry{Number: i + 1, Title: line(titleOf(s), 100), Took: figure.Duration(s.Duration(p.opt.Now)), Errors: nonZero(s.Errors)}
		e.State, e.Class = t.state(p.opt.Now)
		e.Cost = figure.Dollars(s.Recorded, s.Estimated, s.Calls, s.Unpriced, s.AtLeast)
		list = append(list, e)
	}
	p.bytes(fitting(p.left/partShare, len(list), func(most int) []byte {
		more := ""
		if most < len(list) {
			more = figure.Plural(int64(len(list)-most), "session") + " more are not in this list"
		}
		return render("contents", map[string]any{"Title": title, "Said": "written on " + moment(p.opt.Now), "Sessions": list[:most], "More": more})
	}))
}

// A page is shared by its sessions, each of which gives a quarter of its share to
// its head, a quarter to its tree and the rest to its transcript. With less than the
// least a session is not begun.
const (
	partShare    = 4
	mostTreeRows = 20_000
	leastShare   = 24 << 10
	footBytes    = 2 << 10
	openRows     = 150 // a tree of more is folded below its runs
	openFailures = 8   // so many are told without a fold
)

// session writes one session, into its share of what is left. It reports whether
// there was room for it.
func (p *page) session(ctx context.Context, calls *ledger, number int, s *eventlog.Session) (bool, error) {
	room := (p.left - footBytes) / int64(len(p.opt.Sessions)-number+1)
	if room < leastShare && number > 1 {
		if room = p.left - footBytes; room < leastShare { // the last may have all that is left
			return false, nil
		}
	}
	t, err := calls.tell(ctx, s)
	if err != nil {
		return false, err
	}
	defer func() { _ = t.log.Close() }() // it was only read
	c := chat{story: t, id: "s" + strconv.Itoa(number), room: room - 2*room/partShare, labels: map[eventlog.SpanID]string{}, items: map[eventlog.SpanID]int{}, quiet: p.opt.NoTranscript, turns: t.list.Turns()}
	if err := c.read(ctx); err != nil {
		return false, err
	}
	p.text(`<article class="session">` + "\n")
	p.bytes(fitting(room/partShare, mostRows, func(most int) []byte { return p.head(t, &c, number, most) }))
	p.bytes(fitting(room/partShare, mostTreeRows, func(most int) []byte { return p.tree(t, &c, most) }))
	if !p.opt.NoTranscript {
		p.text("<section class=\"transcript\"><h2>What was said</h2>\n")
		p.bytes(c.said())
		p.text("</section>\n")
	}
	p.text("</article>\n")
	return true, p.err
}

// fitting makes a part with as many rows as there is room for.
func fitting(room int64, most int, make func(most int) []byte) []byte {
	for {
		text := make(most)
		if int64(len(text)) <= room || most <= 1 {
			return text
		}
		most = max(1, min(most/2, int(int64(most)*room/int64(len(text)))))
	}
}

// head is what is known of a session, with tables and lists of at most some rows.
func (p *page) head(t *story, c *chat, number, most int) []byte {
	type part struct {
		share
		Width, Percent, Took string
	}
	var parts []part
	all := t.times.Total.Wall
	for _, s := range shares(t.times.Total) {
		parts = append(parts, part{s, percent(float64(s.Took) / float64(all)), figure.Percent(float64(s.Took), float64(all)), figure.Duration(s.Took)})
	}
	more, failures := "", c.failures[:min(len(c.failures), most)]
	if n := c.failed - len(failures); n > 0 {
		more = figure.Plural(int64(n), "failure") + " more"
	}
	longest := 300
	if most < mostRows/4 { // there is little room
		longest = 80
	}
	later := failures[min(len(failures), openFailures):]
	goal := ""
	if s := t.session; eventlog.Sentence(s.Goal) != titleOf(s) {
		goal = line(s.Goal, 2*longest)
	}
	facts := t.facts(p.opt.Now)
	for i := range facts {
		facts[i].Value, facts[i].Note = line(facts[i].Value, longest), line(facts[i].Note, longest)
	}
	tables := t.tables(most)
	for i := range tables {
		for j := range tables[i].Rows {
			tables[i].Rows[j].Key = line(tables[i].Rows[j].Key, 80)
		}
	}
	return render("head", map[string]any{
		"Kind": "session of " + line(cmp.Or(t.session.Agent, t.session.Format), 80), "Number": number, "Title": line(titleOf(t.session), min(200, longest)), "Goal": goal,
		"Facts": facts, "Shares": parts, "Failures": failures[:len(failures)-len(later)], "LaterFailures": later, "MoreFailures": more, "Tables": tables,
	})
}

// percent spells a part of a width.
func percent(part float64) string {
	if math.IsNaN(part) || part < 0 {
		part = 0
	}
	return strconv.FormatFloat(min(1, part)*100, 'f', 2, 64)
}

// deepestIndent is how far rows move to the right: names need room as well.
const deepestIndent = 16

// row is a row of the tree.
type row struct {
	Depth                           int
	Class, Name, Label, Href        string
	Bad, Open                       bool
	Left, Width, Took, Tokens, Cost string
}

// tree is the steps with their time, nested.
func (p *page) tree(t *story, c *chat, most int) []byte {
	rows := t.tree.rows(most)
	if len(rows) == 0 {
		return nil
	}
	var b bytes.Buffer
	put := func(name string, data any) { b.Write(render(name, data)) }
	b.WriteString(`<section><h2>What happened when</h2>` + "\n" + `<div class="tree">` + "\n")
	put("axis", axis(t, len(rows)))
	b.WriteString("<ul>\n")
	type open struct{ until int }
	var stack []open
	shut := func(at int) {
		for len(stack) > 0 && stack[len(stack)-1].until <= at {
			b.WriteString("</ul></details></li>\n")
			stack = stack[:len(stack)-1]
		}
	}
	few := len(rows) <= openRows
	for i, n := range rows {
		shut(i)
		if n.span == 0 {
			put("left", map[string]any{"Depth": min(n.depth, deepestIndent), "Text": figure.Plural(int64(n.left), "step") + " more are left out here"})
			continue
		}
		r := t.row(n, c)
		if n.below == 0 || n.depth >= deepest {
			b.WriteString(`<li><div class="row">`)
			put("row", r)
			b.WriteString("</div></li>\n")
			continue
		}
		state := ""
		if few || n.depth < 1 || t.tree.bad[n.span] > 0 && n.depth < 4 {
			state = ` open="open"`
		}
		b.WriteString("<li><details" + state + "><summary>")
		put("row", r)
		b.WriteString("</summary><ul>\n")
		stack = append(stack, open{i + 1 + n.below})
	}
	shut(len(rows))
	b.WriteString("</ul>\n</div>\n</section>\n")
	return b.Bytes()
}

// axis tells the time since the beginning, and where it was cut.
func axis(t *story, steps int) map[string]any {
	type mark struct{ Left, Text string }
	var ticks, cuts []mark
	s := &t.tree.scale
	if s.known() {
		for i := range 4 {
			at := float64(i) / 4
			text := figure.Duration(s.moment(at).Sub(s.from))
			if i == 0 {
				text = "0"
			}
			ticks = append(ticks, mark{percent(at), text})
		}
		for _, c := range s.cuts {
			cuts = append(cuts, mark{percent(s.place(c.from)), figure.Duration(c.to.Sub(c.from)) + " in which nothing was under way"})
		}
	}
	return map[string]any{"Steps": figure.Plural(int64(steps), "step"), "Ticks": ticks, "Cuts": cuts}
}

func (t *story) row(n node, c *chat) row {
	s := t.snap.Span(n.span)
	name := t.snap.Symbols.Name
	r := row{Depth: min(n.depth, deepestIndent), Bad: s.Flags.Has(eventlog.SpanFailed), Open: s.Flags.Has(eventlog.SpanOpen) && (s.Kind == eventlog.SpanModel || s.Kind == eventlog.SpanTool)}
	r.Class, r.Name = t.kind(&s)
	r.Name = line(r.Name, 80)
	r.Label = c.labels[n.span]
	if item, ok := c.items[n.span]; ok && n.below == 0 {
		r.Href = c.itemID(item)
	}
	if sc := &t.tree.scale; sc.known() && s.Start.Known() {
		from, to := sc.place(s.Start), sc.place(end(&s, t.now))
		r.Left, r.Width = percent(min(from, 0.997)), percent(max(to-from, 0.002))
	}
	if took := s.Duration(t.now); took > 0 && s.Start.Known() {
		r.Took = figure.Duration(took)
	}
	if s.Bill > 0 && s.Kind == eventlog.SpanModel {
		if b := t.snap.Bills.At(int(s.Bill) - 1); !b.Void {
			r.Tokens = figure.Count(b.Usage.Total())
			if b.Source == eventlog.Unpriced {
				r.Cost = "no price"
			}
		}
	}
	if t.tree.paid[n.span] {
		r.Cost = "$" + figure.Money(t.tree.cost[n.span])
	}
	if s.Kind == eventlog.SpanModel && r.Label == "" && s.Agent != 0 && s.Model == 0 {
		r.Label = line(name(s.Agent), 60)
	}
	return r
}

// kind returns the colour and the name of a span.
func (t *story) kind(s *eventlog.Span) (class, called string) {
	name := t.snap.Symbols.Name
	switch s.Kind {
	case eventlog.SpanSession:
		return "agent", cmp.Or(name(s.Agent), "session")
	case eventlog.SpanRun:
		return "agent", cmp.Or(name(s.Agent), "run")
	case eventlog.SpanModel:
		return "model", cmp.Or(name(s.Model), "model")
	case eventlog.SpanTool:
		return "tool", cmp.Or(name(s.Tool), "tool")
	}
	class = "event"
	if s.Event.Class() == eventlog.ClassHuman {
		class = "human"
	}
	called = s.Event.String()
	if s.Event == eventlog.Message {
		called = cmp.Or(name(s.Tool), "message")
		if called == "user" {
			class = "human"
		}
	} else if s.Event == eventlog.Custom {
		if typ := name(t.snap.Rows.At(int(s.First)).Type); typ != "" {
			called = typ[strings.LastIndexByte(typ, '/')+1:]
		}
	}
	return class, strings.ReplaceAll(called, "_", " ")
}

// isOf reports whether an item tells of the span as a whole, rather than of its
// beginning or end.
func isOf(s *talk.Said) bool { return s.Kind != talk.Task && s.Kind != talk.Result }
