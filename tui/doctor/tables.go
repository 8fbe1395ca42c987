package doctor

import (
	"cmp"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/rollup/health"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/table"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// The sections.
const (
	sources = iota
	news
	unread
	kept
	habits
	machine
)

// names are what the sections are called.
var names = [...]string{"Sources", "New", "Unreadable", "Deleted", "Habits", "Machine"}

// source is what was read of one format, and where it was looked for.
type source struct {
	format string
	read   health.Format
	places []health.Place
	where  string
}

// fact is something about this machine.
type fact struct {
	name, text string
	bad        bool
}

// rows are the rows of all sections.
type rows struct {
	sources []source
	news    []health.Drift
	unread  []health.Fault
	kept    []health.Kept
	habits  []health.Habit
	machine []fact
}

// newRows lays a report out. Its work is proportional to the segments.
func newRows(r *health.Report, c *eventlog.Catalog) rows {
	return rows{
		sources: newSources(r, c), news: r.Drift, unread: append(slices.Clone(r.Failed), r.Faults...), kept: r.Kept, habits: r.Habits, machine: newMachine(r),
	}
}

// agentColumn is the column of the sources that names the agent.
const agentColumn = 1

// ownPlace is what our own places are called, which tell no format.
const ownPlace = "lazytrace"

func newSources(r *health.Report, c *eventlog.Catalog) []source {
	by := map[string]*source{}
	get := func(format string) *source {
		if by[format] == nil {
			by[format] = &source{format: format}
		}
		return by[format]
	}
	for _, f := range r.Read {
		get(f.Format).read = f
	}
	for _, p := range r.Places {
		s := get(cmp.Or(p.Format, formatIn(c, p), ownPlace))
		s.places = append(s.places, p)
	}
	folders := map[string]string{} // of each format, the one that holds all of its files
	for i := range c.Segments {
		s := &c.Segments[i]
		dir := filepath.Dir(s.Path)
		if old, ok := folders[s.Format]; ok {
			dir = commonFolder(old, dir)
		}
		folders[s.Format] = dir
	}
	var list []source
	for format, s := range by {
		for _, p := range s.places {
			if p.There && s.where == "" {
				s.where = p.Path
			}
		}
		if s.where == "" {
			s.where = folders[format]
		}
		if s.where == "" && len(s.places) > 0 {
			s.where = s.places[0].Path
		}
		list = append(list, *s)
	}
	slices.SortFunc(list, func(a, b source) int {
		return cmp.Or(cmp.Compare(b.read.Sessions, a.read.Sessions), cmp.Compare(b.read.Files, a.read.Files), there(b)-there(a), strings.Compare(a.format, b.format))
	})
	return list
}

// formatIn returns the format of what was read in a place of our own.
func formatIn(c *eventlog.Catalog, p health.Place) string {
	if p.Files == 0 {
		return ""
	}
	for i := range c.Segments {
		if s := &c.Segments[i]; s.Path == p.Path || strings.HasPrefix(s.Path, p.Path+string(filepath.Separator)) {
			return s.Format
		}
	}
	return ""
}

func there(s source) int {
	if slices.ContainsFunc(s.places, func(p health.Place) bool { return p.There }) {
		return 1
	}
	return 0
}

// commonFolder returns the innermost folder that holds two others.
func commonFolder(a, b string) string {
	for a != b {
		if len(a) < len(b) {
			a, b = b, a
		}
		up := filepath.Dir(a)
		if up == a {
			return a
		}
		a = up
	}
	return a
}

func newMachine(r *health.Report) []fact {
	var list []fact
	add := func(name, text string, bad bool) {
		if text != "" {
			list = append(list, fact{name, text, bad})
		}
	}
	add("version", r.Version, false)
	switch s := r.Store; {
	case s.Path == "":
	case !s.There:
		add("store", "none yet: "+s.Path, false)
	case len(s.Damage) > 0:
		add("store", "damaged: "+strings.Join(s.Damage, "; "), true)
	default:
		add("store", figure.Bytes(s.Size)+", sound: "+s.Path, false)
	}
	if a := r.Archive; a.There || a.Trouble != "" {
		add("archive", a.Text(time.Now())+": "+a.Path, a.Trouble != "")
	}
	if p := r.Prices; p.Date != "" {
		add("prices", "of "+p.Date+", "+figure.Plural(int64(p.Days), "day")+" old, "+p.Source+"; "+strconv.Itoa(p.Own)+" of your own", false)
	}
	if f := r.Followed; f.Polled > 0 {
		add("followed", figure.Plural(int64(f.Told), "folder")+" as the system tells, "+figure.Plural(int64(f.Polled), "path")+" looked at every second: "+f.Reason, false)
	} else if f.Told > 0 {
		add("followed", figure.Plural(int64(f.Told), "folder")+", as the system tells", false)
	}
	if f := r.Formats; f.Folder != "" {
		add("own formats", cmp.Or(strings.Join(f.Names, ", "), "none")+" in "+f.Folder, false)
		for _, p := range f.Problems {
			add("own formats", p, true)
		}
	}
	for _, k := range r.Killed {
		add("interrupted", k.Session+" in "+strings.Join(k.Paths, ", ")+": "+k.Reason, false)
	}
	if t := r.Terminal; t.Terminal {
		add("terminal", cmp.Or(t.Term, "no TERM")+", colours "+t.Colors+", "+strconv.Itoa(t.Width)+" columns, "+strconv.Itoa(t.Height)+" rows", false)
	}
	return list
}

// tables are the tables of all sections.
type tables struct {
	sources table.Table[source]
	news    table.Table[health.Drift]
	unread  table.Table[health.Fault]
	kept    table.Table[health.Kept]
	habits  table.Table[health.Habit]
	machine table.Table[fact]
}

func (s *tables) set(r rows) {
	// Who has not moved stays at the top, whatever has come there.
	for _, t := range []section{&s.sources, &s.news, &s.unread, &s.kept, &s.habits, &s.machine} {
		if t.Cursor() <= 0 {
			defer t.Do(keymap.Top, 0)
		}
	}
	s.sources.Set(r.sources)
	s.news.Set(slices.Clone(r.news))
	s.unread.Set(r.unread)
	s.kept.Set(slices.Clone(r.kept))
	s.habits.Set(slices.Clone(r.habits))
	s.machine.Set(r.machine)
}

// make makes the columns of all tables.
func (s *tables) make() [len(names)]section {
	s.sources.Key = func(r *source) string { return r.format }
	s.sources.Recede = func(r *source) bool { return r.read.Files == 0 }
	s.sources.Columns = []table.Column[source]{
		{Head: "", Width: 1, Rank: 0, Cell: func(t *theme.Theme, r *source) (string, theme.Style) {
			switch {
			case r.read.Unread > 0:
				return "!", t.Warn
			case r.read.Files > 0:
				return t.Done, t.Good
			}
			return t.Dot, t.Dim
		}},
		{Head: "AGENT", Width: 14, Rank: 1, Cell: func(t *theme.Theme, r *source) (string, theme.Style) {
			if r.read.Files == 0 {
				return r.format, t.Dim
			}
			return r.format, t.Agent
		}, Less: func(a, b *source) int { return strings.Compare(a.format, b.format) }},
		{Head: "SESSIONS", Width: 8, Right: true, Rank: 2, Cell: counted(func(r *source) int64 { return int64(r.read.Sessions) }), Less: func(a, b *source) int { return b.read.Sessions - a.read.Sessions }},
		{Head: "FILES", Width: 6, Right: true, Rank: 5, Cell: counted(func(r *source) int64 { return int64(r.read.Files) }), Less: func(a, b *source) int { return b.read.Files - a.read.Files }},
		{Head: "RECORDS", Width: 7, Right: true, Rank: 4, Cell: counted(func(r *source) int64 { return r.read.Records }), Less: func(a, b *source) int { return cmp.Compare(b.read.Records, a.read.Records) }},
		{Head: "UNREAD", Width: 6, Right: true, Rank: 3, Cell: func(t *theme.Theme, r *source) (string, theme.Style) {
			if r.read.Unread == 0 {
				return "", t.Dim
			}
			return figure.Count(r.read.Unread), t.Bad
		}, Less: func(a, b *source) int { return cmp.Compare(b.read.Unread, a.read.Unread) }},
		{Head: "WRITTEN BY", Width: 18, Rank: 7, Cell: func(t *theme.Theme, r *source) (string, theme.Style) {
			return strings.Join(r.read.Versions, " "+t.To+" "), t.Dim
		}},
		{Head: "WHERE", Least: 8, Rank: 6, Cell: func(t *theme.Theme, r *source) (string, theme.Style) {
			text := r.where
			if more := len(r.places) - 1; more > 0 {
				text += " +" + strconv.Itoa(more)
			}
			if r.read.Files == 0 {
				text = "none in " + text
			}
			return text, t.Dim
		}},
	}
	s.news.Key = func(d *health.Drift) string { return d.Format + d.What + d.Name }
	s.news.Columns = []table.Column[health.Drift]{
		{Head: "FORMAT", Width: 16, Rank: 2, Cell: func(t *theme.Theme, d *health.Drift) (string, theme.Style) { return d.Format, t.Agent }, Less: func(a, b *health.Drift) int { return strings.Compare(a.Format, b.Format) }},
		{Head: "WHAT", Width: 6, Rank: 3, Cell: func(t *theme.Theme, d *health.Drift) (string, theme.Style) { return d.What, t.Dim }},
		{Head: "NAME", Least: 16, Cell: func(t *theme.Theme, d *health.Drift) (string, theme.Style) { return d.Name, t.Text }, Less: func(a, b *health.Drift) int { return strings.Compare(a.Name, b.Name) }},
		{Head: "TIMES", Width: 7, Right: true, Rank: 1, Cell: func(t *theme.Theme, d *health.Drift) (string, theme.Style) { return figure.Count(d.Count), t.Bright }, Less: func(a, b *health.Drift) int { return cmp.Compare(b.Count, a.Count) }},
		{Head: "FIRST IN", Width: 36, Rank: 4, Cell: func(t *theme.Theme, d *health.Drift) (string, theme.Style) { return place(d.Path, d.Pos), t.Dim }},
	}
	s.unread.Key = func(f *health.Fault) string { return f.Path + strconv.FormatInt(f.Pos, 10) + f.Why }
	s.unread.Columns = []table.Column[health.Fault]{
		{Head: "RECORD", Width: 36, Rank: 1, Cell: func(t *theme.Theme, f *health.Fault) (string, theme.Style) { return place(f.Path, f.Pos), t.Text }, Less: func(a, b *health.Fault) int {
			return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(a.Pos, b.Pos))
		}},
		{Head: "WHY", Least: 20, Cell: func(t *theme.Theme, f *health.Fault) (string, theme.Style) { return f.Why, t.Bad }, Less: func(a, b *health.Fault) int { return strings.Compare(a.Why, b.Why) }},
	}
	s.kept.Key = func(k *health.Kept) string { return k.Format + k.Setting + k.File }
	s.kept.Columns = []table.Column[health.Kept]{
		{Head: "AGENT", Width: 14, Rank: 1, Cell: func(t *theme.Theme, k *health.Kept) (string, theme.Style) { return k.Format, t.Agent }},
		{Head: "FILES", Width: 6, Right: true, Rank: 4, Cell: func(t *theme.Theme, k *health.Kept) (string, theme.Style) {
			return figure.Count(int64(k.Files)), t.Text
		}},
		{Head: "IN 7 DAYS", Width: 9, Right: true, Rank: 2, Cell: func(t *theme.Theme, k *health.Kept) (string, theme.Style) {
			if k.Soon == 0 {
				return "", t.Dim
			}
			return figure.Count(int64(k.Soon)), t.Warn
		}, Less: func(a, b *health.Kept) int { return b.Soon - a.Soon }},
		{Head: "WHEN", Least: 20, Cell: func(t *theme.Theme, k *health.Kept) (string, theme.Style) { return k.Text(), t.Text }},
	}
	s.habits.Key = func(h *health.Habit) string { return h.Habit + h.Format }
	s.habits.Columns = []table.Column[health.Habit]{
		{Head: "FORMAT", Width: 12, Rank: 2, Cell: func(t *theme.Theme, h *health.Habit) (string, theme.Style) { return h.Format, t.Agent }},
		{Head: "SESSIONS", Width: 8, Right: true, Rank: 1, Cell: func(t *theme.Theme, h *health.Habit) (string, theme.Style) {
			return figure.Count(int64(h.Count)), t.Bright
		}, Less: func(a, b *health.Habit) int { return b.Count - a.Count }},
		{Head: "SHARE", Width: 10, Rank: 3, Paint: func(l *frame.Line, t *theme.Theme, h *health.Habit) {
			l.Thin(t, t.Warn, float64(h.Count)/float64(max(1, h.Of)), l.Room())
		}},
		{Head: "HABIT", Least: 20, Cell: func(t *theme.Theme, h *health.Habit) (string, theme.Style) { return h.Text(), t.Text }},
	}
	s.machine.Columns = []table.Column[fact]{
		{Head: "", Width: 12, Rank: 1, Cell: func(t *theme.Theme, f *fact) (string, theme.Style) { return f.name, t.Dim }},
		{Head: "", Least: 20, Cell: func(t *theme.Theme, f *fact) (string, theme.Style) {
			if f.bad {
				return t.Failed + " " + f.text, t.Bad
			}
			return f.text, t.Text
		}},
	}
	return [len(names)]section{&s.sources, &s.news, &s.unread, &s.kept, &s.habits, &s.machine}
}

// counted is a cell with a count, empty for none.
func counted(of func(*source) int64) func(*theme.Theme, *source) (string, theme.Style) {
	return func(t *theme.Theme, r *source) (string, theme.Style) {
		n := of(r)
		if n == 0 {
			return "", t.Dim
		}
		return figure.Count(n), t.Text
	}
}

// place says where a record lies, its file by its last names.
func place(path string, pos int64) string {
	text := filepath.Base(path)
	if dir := filepath.Base(filepath.Dir(path)); len(text)+len(dir) < 30 && dir != "." && dir != string(filepath.Separator) {
		text = dir + "/" + text
	}
	if pos >= 0 {
		text += " at " + strconv.FormatInt(pos, 10)
	}
	return text
}
