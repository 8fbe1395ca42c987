package cmd

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/term"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/eventlog/source"
	"github.com/lazytrace/lazytrace/rollup/trouble"
)

// findTrouble opens the sessions of a catalog that are kept, those that share
// files at a time, and joins what went wrong in them into one report.
func findTrouble(ctx context.Context, env *Env, set *source.Set, cat *eventlog.Catalog, keep func(*eventlog.Session) bool, o trouble.Options) (*trouble.Report, error) {
	now := eventlog.StampOf(env.Now())
	o.Now = func(id eventlog.Sym) eventlog.Stamp {
		if s := cat.BySym(id); s != nil {
			return s.Now(now)
		}
		return 0
	}
	groups := together(cat, keep)
	total := 0
	for _, g := range groups {
		total += len(g)
	}
	told := newProgress(env)
	defer told.end()
	var reports []*trouble.Report
	done := 0
	for _, sessions := range groups {
		at := fmt.Sprintf("session %s of %s", figure.Whole(int64(done+1)), figure.Whole(int64(total)))
		told.say(at)
		o.Progress = func(n, of int) {
			told.say(fmt.Sprintf("%s: %s of %s", at, figure.Whole(int64(n)), figure.Plural(int64(of), "record")))
		}
		log, err := set.ReadLog(ctx, sessions)
		if err != nil {
			return nil, err
		}
		r, err := trouble.Find(ctx, log, log.Snapshot(), o)
		if cerr := log.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			return nil, err
		}
		reports = append(reports, r)
		done += len(sessions)
	}
	all := &trouble.Report{}
	all.Merge(reports...)
	all.Reckon(cat)
	return all, nil
}

// progress says on a terminal how far something is that takes long.
type progress struct {
	out   io.Writer // nil where nobody looks
	now   func() time.Time
	next  time.Time
	shown bool
}

// patience is how long somebody waits without being told what for.
const patience = time.Second

func newProgress(env *Env) *progress {
	p := &progress{now: env.Now, next: env.Now().Add(patience)}
	if f, ok := env.Stderr.(*os.File); ok && term.IsTerminal(f.Fd()) {
		p.out = f
	}
	return p
}

func (p *progress) say(what string) {
	if now := p.now(); p.out != nil && now.After(p.next) {
		p.next, p.shown = now.Add(patience/5), true
		fmt.Fprintf(p.out, "\r\x1b[K%s", what)
	}
}

func (p *progress) end() {
	if p.shown {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}

// width is how wide the terminal is that is printed on, or zero where it is none.
func (e *Env) width() int {
	f, ok := e.Stdout.(*os.File)
	if !ok || !term.IsTerminal(f.Fd()) {
		return 0
	}
	w, _, err := term.GetSize(f.Fd())
	if err != nil {
		return 0
	}
	return w
}

// fit cuts a cell to a width; zero is any.
func fit(cell string, width int) string {
	if cell = escape.Line(cell); width > 0 {
		cell = ansi.Truncate(cell, width, "…")
	}
	return cell
}

// room is what the last columns of a table have when those before take so much
// of the terminal, by their shares of it in percent; zero is as much as they need.
func (e *Env) room(taken int, shares ...int) []int {
	out := make([]int, len(shares))
	if all := e.width(); all > 0 {
		for i, share := range shares {
			out[i] = max(12, (all-taken)*share/100-2)
		}
	}
	return out
}

// clock says when something was, or nothing where nobody knows: to the second, or
// shorter where there is a terminal that has to hold it.
func (e *Env) clock(at eventlog.Stamp) string {
	t := at.Time().Local()
	switch {
	case !at.Known():
		return "-"
	case e.width() == 0:
		return t.Format(time.DateTime)
	case t.Year() != e.Now().Local().Year():
		return t.Format(time.DateOnly)
	}
	return t.Format("01-02 15:04")
}
