package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/dialect"
	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/eventlog/formats"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
	"github.com/lazytrace/lazytrace/eventlog/source"
	"github.com/lazytrace/lazytrace/eventlog/sqlite"
)

// doctorResult is what doctor prints.
type doctorResult struct {
	Version  string         `json:"version"`
	Places   []doctorPlace  `json:"places"`
	Read     []doctorFormat `json:"read"`
	Drift    []doctorDrift  `json:"drift"`
	Failed   []faultResult  `json:"failed"`
	Faults   []faultResult  `json:"faults"`
	Kept     []doctorKept   `json:"kept"`
	Followed doctorFollowed `json:"followed"`
	Store    doctorStore    `json:"store"`
	Prices   doctorPrices   `json:"prices"`
	Formats  doctorFormats  `json:"formats"`
	Terminal doctorTerminal `json:"terminal"`
	Killed   []doctorKilled `json:"interrupted"`
	Broken   []string       `json:"broken"`
	Advice   []string       `json:"advice"`
}

type doctorPlace struct {
	Path   string `json:"path"`
	Format string `json:"format"`
	There  bool   `json:"there"`
	Files  int    `json:"files"`
}

type doctorFormat struct {
	Format   string   `json:"format"`
	Files    int      `json:"files"`
	Records  int64    `json:"records"`
	Sessions int      `json:"sessions"`
	Unread   int64    `json:"unreadable"`
	Versions []string `json:"versions"` // the oldest and the newest writer
}

// doctorKept is how long an agent keeps sessions, by one setting of it.
type doctorKept struct {
	Format  string `json:"format"`
	Setting string `json:"setting"`
	File    string `json:"file"`
	Default bool   `json:"default"` // it is set nowhere
	Days    any    `json:"days"`    // null when nothing is deleted by age
	Newest  int    `json:"newest"`  // so many of a folder are kept; 0: all
	Trouble string `json:"trouble"` // why it cannot be told
	Files   int    `json:"files"`
	Soon    int    `json:"dying_soon"` // sessions that are deleted within 7 days

	keeping eventlog.Keeping
}

// doctorKilled is a session whose recorder was killed.
type doctorKilled struct {
	Session string   `json:"session"`
	Paths   []string `json:"paths"`
	Reason  string   `json:"reason"`
}

// doctorFollowed is how changes come to be known.
type doctorFollowed struct {
	Told   int    `json:"told"`   // folders of which the system tells
	Polled int    `json:"polled"` // paths that are looked at every second
	Reason string `json:"reason"` // why the system does not tell of those
}

// doctorDrift is something that a writer wrote and its reader does not know.
type doctorDrift struct {
	Format string `json:"format"`
	What   string `json:"what"` // kind, field
	Name   string `json:"name"`
	Count  int64  `json:"count"`
	Path   string `json:"path"`
	Pos    int64  `json:"position"`
}

type doctorStore struct {
	Path   string   `json:"path"`
	There  bool     `json:"there"`
	Size   int64    `json:"size"`
	Damage []string `json:"damage"`
}

type doctorPrices struct {
	Date   string `json:"date"`
	Days   int    `json:"days"`
	Source string `json:"source"`
	Own    int    `json:"own_prices"`
}

type doctorFormats struct {
	Folder   string   `json:"folder"`
	Names    []string `json:"names"`
	Problems []string `json:"problems"`
}

type doctorTerminal struct {
	Terminal bool   `json:"terminal"`
	Term     string `json:"term"`
	Colors   string `json:"colors"`
	Width    int    `json:"width"`
	Height   int    `json:"height"`
}

func newDoctor(env *Env) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "doctor [PATH...]", Short: "Say what is found, what is not understood, and what to do about it",
		Long: `Look at all usual places, or at the paths: what is there, by which versions it was
written, what of it is new to this version or cannot be read; and at the store,
the prices, the formats of your own and the terminal. Nothing is changed. The
exit code is 1 when something is broken.`,
		RunE: func(c *cobra.Command, args []string) error { return runDoctor(c.Context(), env, args, asJSON) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func runDoctor(ctx context.Context, env *Env, paths []string, asJSON bool) error {
	paths, done, err := withStdin(ctx, env, paths, false)
	if err != nil {
		return err
	}
	defer done()
	r := doctorResult{Version: Version(), Places: []doctorPlace{}, Read: []doctorFormat{}, Failed: []faultResult{}, Faults: []faultResult{}, Kept: []doctorKept{}, Killed: []doctorKilled{}, Broken: []string{}, Advice: []string{}}
	if err := r.logs(ctx, env, paths); err != nil {
		return err
	}
	if len(paths) == 0 {
		if err := r.store(ctx, env); err != nil {
			return err
		}
	}
	r.formats(env)
	r.prices(env)
	r.Terminal = terminalFacts(env)
	if asJSON {
		if err := printJSON(env.Stdout, r); err != nil {
			return err
		}
	} else {
		r.print(env.Stdout)
	}
	if len(r.Broken) > 0 {
		return exitError{code: exitFailed}
	}
	return nil
}

// logs reads everything and notes what is there and what is not understood.
func (r *doctorResult) logs(ctx context.Context, env *Env, paths []string) error {
	quiet := *env // what is wrong is told below
	quiet.Stderr = io.Discard
	found, err := pathsOrUsual(env, paths, false)
	if err != nil {
		return err
	}
	opt, err := readOptions(&quiet, false)
	if err != nil {
		return err
	}
	in := inspector{known: map[string]dialect.Vocabulary{}, news: map[[3]string]*doctorDrift{}}
	opt.Inspect = in.inspect
	set := source.Open(ctx, found, opt)
	defer func() { _ = set.Close() }() // it was only read
	if err := set.Wait(ctx); err != nil {
		return err
	}
	cat := set.Sources().Catalog()
	r.Drift = in.list()
	r.read(cat)
	r.kept(cat, eventlog.StampOf(env.Now()))
	r.killed(cat, eventlog.StampOf(env.Now()))
	store, _ := defaultStore(env.Getenv)
	if len(paths) == 0 {
		found = source.Expected(env.Getenv, store)
	}
	r.followed(source.Watch(ctx, found, opt))
	if len(paths) == 0 {
		for _, p := range source.Places(env.Getenv, store) {
			r.Places = append(r.Places, doctorPlace{p.Path, p.Format, p.There, filesIn(cat, p.Path)})
		}
	}
	for _, f := range cat.Progress.Failed {
		if len(paths) == 0 && f.Path == store {
			continue // it is looked at by itself
		}
		r.Failed = append(r.Failed, faultResult{f.Path, f.Pos, f.Why})
		// In a folder there may be files of any kind.
		if slices.Contains(paths, f.Path) || !source.IsUnknown(f) {
			r.Broken = append(r.Broken, f.Why)
		}
	}
	if len(r.Drift) > 0 {
		r.advise("a newer lazytrace may know what is new here; until then it is kept and shown as it is")
	}
	if len(r.Failed) > 0 {
		r.advise("a file of no known format can be described: docs/formats.md, then lazytrace events --all --format FILE PATH")
	}
	if len(r.Faults) > 0 {
		r.advise("lines that cannot be read are mostly torn by a crash or a full disk; all others count")
	}
	return nil
}

func (r *doctorResult) advise(text string) { r.Advice = append(r.Advice, text) }

// killed notes the sessions whose recorders were killed, newest first.
func (r *doctorResult) killed(cat *eventlog.Catalog, now eventlog.Stamp) {
	for _, s := range cat.Sessions {
		if status, _ := s.Status(now); status == eventlog.Interrupted {
			r.Killed = append(r.Killed, doctorKilled{s.ID, s.Paths, s.Reason(now)})
		}
	}
}

// read adds up what was read by format.
func (r *doctorResult) read(cat *eventlog.Catalog) {
	by := map[string]*doctorFormat{}
	formatOf := map[string]string{}
	for _, s := range cat.Segments {
		f := by[s.Format]
		if f == nil {
			f = &doctorFormat{Format: s.Format, Versions: []string{}}
			by[s.Format] = f
		}
		f.Files++
		f.Records += s.Records
		f.Unread += s.Faults.Count
		formatOf[s.Path] = s.Format
		for _, fault := range s.Faults.Samples {
			r.Faults = append(r.Faults, faultResult{fault.Path, fault.Pos, fault.Why})
			if fault.Pos < 0 { // the file could not be read on
				r.Broken = append(r.Broken, fault.String())
			}
		}
	}
	for _, s := range cat.Sessions {
		f := by[s.Format]
		f.Sessions++
		if s.Version == "" {
			continue
		}
		f.Versions = append(f.Versions, s.Version)
		slices.SortFunc(f.Versions, compareVersions)
		if f.Versions = slices.Compact(f.Versions); len(f.Versions) > 2 {
			f.Versions = []string{f.Versions[0], f.Versions[len(f.Versions)-1]}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(by)) {
		r.Read = append(r.Read, *by[name])
	}
}

// kept tells what agents delete by themselves, and how to keep it.
func (r *doctorResult) kept(cat *eventlog.Catalog, now eventlog.Stamp) {
	type place struct {
		format  string
		keeping eventlog.Keeping
	}
	by := map[place]int{}
	for _, s := range cat.Segments {
		k := s.Keeping
		if k.Forever() && k.Trouble == "" {
			continue
		}
		at, ok := by[place{s.Format, k}]
		if !ok {
			at = len(r.Kept)
			by[place{s.Format, k}] = at
			one := doctorKept{Format: s.Format, Setting: k.Setting, File: k.File, Default: k.Default, Newest: k.Newest, Trouble: k.Trouble, keeping: k}
			if k.For > 0 {
				one.Days = k.For.Hours() / 24
			}
			r.Kept = append(r.Kept, one)
		}
		r.Kept[at].Files++
	}
	for _, s := range cat.Sessions {
		if at, ok := by[place{s.Format, s.Keeping}]; ok && s.Left(now) != "" {
			r.Kept[at].Soon++
		}
	}
	for _, k := range r.Kept {
		if k.Soon > 0 {
			r.advise(fmt.Sprintf("%s deletes %s within 7 days; to keep more, %s", k.Format, plural(k.Soon, "session"), k.keeping.Advice()))
		}
	}
}

// followed tells how what is written comes to be known.
func (r *doctorResult) followed(w source.Watching) {
	r.Followed = doctorFollowed{Told: w.Told, Polled: w.Polled}
	if w.Polled == 0 {
		return
	}
	r.Followed.Reason = "so many are left to other programs"
	if w.Reason != nil {
		r.Followed.Reason = w.Reason.Error()
	}
	switch {
	case errors.Is(w.Reason, syscall.ENOSPC):
		r.advise("the system watches no more folders for you: raise fs.inotify.max_user_watches; until then changes are seen a second later")
	case errors.Is(w.Reason, syscall.EMFILE):
		r.advise("the system has no more watchers for you: raise fs.inotify.max_user_instances; until then changes are seen a second later")
	}
}

// compareVersions compares 2.1.39 and 2.1.328 number by number.
func compareVersions(a, b string) int {
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(x), len(y)) {
		n, errN := strconv.Atoi(x[i])
		m, errM := strconv.Atoi(y[i])
		c := cmp.Compare(n, m)
		if errN != nil || errM != nil {
			c = cmp.Compare(x[i], y[i])
		}
		if c != 0 {
			return c
		}
	}
	return cmp.Compare(len(x), len(y))
}

// filesIn counts the files that were read in a place.
func filesIn(cat *eventlog.Catalog, place string) int {
	n := 0
	for _, s := range cat.Segments {
		for dir := s.Path; ; dir = filepath.Dir(dir) {
			if ok, _ := filepath.Match(place, dir); ok || dir == place {
				n++
				break
			}
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	return n
}

// inspector notes what of the records is new.
type inspector struct {
	mu    sync.Mutex
	known map[string]dialect.Vocabulary
	news  map[[3]string]*doctorDrift
}

func (in *inspector) inspect(path string, d dialect.Dialect, rec *eventlog.Record, e *eventlog.Event) {
	in.mu.Lock()
	defer in.mu.Unlock()
	v, ok := in.known[d.Name()]
	if !ok {
		v, _ = dialect.VocabularyOf(d)
		in.known[d.Name()] = v
	}
	if len(v.Kinds) == 0 {
		return
	}
	if e != nil {
		if e.Kind == eventlog.Custom && !v.KnowsKind(e.Type) {
			in.note(d.Name(), "kind", e.Type, path, rec.Pos)
		}
		return
	}
	if rec.Cells != nil {
		return
	}
	_ = jsonl.Fields(rec.Body, func(key, _ []byte) bool {
		if !v.KnowsField(string(key)) {
			in.note(d.Name(), "field", string(key), path, rec.Pos)
		}
		return true
	})
}

// maxNews bounds how many different things are noted.
const maxNews = 1000

func (in *inspector) note(format, what, name, path string, pos int64) {
	key := [3]string{format, what, name}
	n := in.news[key]
	if n == nil {
		if len(in.news) == maxNews {
			return
		}
		n = &doctorDrift{Format: format, What: what, Name: name, Path: path, Pos: pos}
		in.news[key] = n
	}
	n.Count++
	if path < n.Path || path == n.Path && pos < n.Pos {
		n.Path, n.Pos = path, pos
	}
}

func (in *inspector) list() []doctorDrift {
	list := []doctorDrift{}
	for _, n := range in.news {
		list = append(list, *n)
	}
	slices.SortFunc(list, func(a, b doctorDrift) int {
		return cmp.Or(cmp.Compare(a.Format, b.Format), -cmp.Compare(a.What, b.What), -cmp.Compare(a.Count, b.Count), cmp.Compare(a.Name, b.Name))
	})
	return list
}

// store looks at the user's own store.
func (r *doctorResult) store(ctx context.Context, env *Env) error {
	path, err := defaultStore(env.Getenv)
	if err != nil {
		return err
	}
	r.Store = doctorStore{Path: path, Damage: []string{}}
	info, err := os.Stat(path)
	if err != nil {
		if !errors.Is(err, os.ErrNotExist) {
			r.Broken = append(r.Broken, err.Error())
		}
		return nil
	}
	r.Store.There, r.Store.Size = true, info.Size()
	db, err := sqlite.Open(ctx, path)
	if err == nil {
		r.Store.Damage, err = db.Check(ctx)
		err = errors.Join(err, db.Close())
	}
	if err != nil {
		r.Store.Damage = append(r.Store.Damage, err.Error())
	}
	if len(r.Store.Damage) > 0 {
		r.Broken = append(r.Broken, "the store is damaged: "+r.Store.Damage[0])
		r.advise("move the damaged store away: a new one is made, and what can still be read of the old one is shown with lazytrace open")
	} else {
		r.Store.Damage = []string{}
	}
	return nil
}

func (r *doctorResult) formats(env *Env) {
	r.Formats = doctorFormats{Folder: formatsFolder(env), Names: []string{}, Problems: []string{}}
	own, problems := formats.Load(r.Formats.Folder)
	for _, d := range own {
		r.Formats.Names = append(r.Formats.Names, d.Title)
	}
	for _, p := range problems {
		r.Formats.Problems = append(r.Formats.Problems, p.Error())
	}
	if len(problems) > 0 {
		r.Broken = append(r.Broken, "descriptions of formats have "+plural(len(problems), "mistake"))
		r.advise("mend the descriptions of formats: docs/formats.md tells every key")
	}
}

// oldPrices is from how many days on prices are said to be old.
const oldPrices = 180

func (r *doctorResult) prices(env *Env) {
	p, err := openPrices(env)
	if err != nil {
		r.Broken = append(r.Broken, err.Error())
		r.advise("mend your own prices, or move the file away: nothing is priced until then")
		return
	}
	r.Prices = doctorPrices{Date: p.Date, Source: p.source, Own: p.own()}
	if day, err := time.Parse(time.DateOnly, p.Date); err == nil {
		r.Prices.Days = max(0, int(env.Now().Sub(day).Hours()/24))
	}
	if r.Prices.Days > oldPrices {
		r.advise(fmt.Sprintf("prices are %d days old: lazytrace prices update fetches newer ones; recorded costs are not touched", r.Prices.Days))
	}
}

func terminalFacts(env *Env) doctorTerminal {
	t := doctorTerminal{Term: env.Getenv("TERM"), Colors: "none"}
	out, ok := env.Stdout.(*os.File)
	if !ok || !term.IsTerminal(out.Fd()) {
		return t
	}
	t.Terminal = true
	t.Colors = colorprofile.Detect(out, os.Environ()).String()
	t.Width, t.Height, _ = term.GetSize(out.Fd())
	return t
}

// print tells it to people.
func (r *doctorResult) print(w io.Writer) {
	line := func(format string, args ...any) {
		for i, a := range args {
			if s, ok := a.(string); ok {
				args[i] = escape.Line(s)
			}
		}
		fmt.Fprintf(w, format+"\n", args...)
	}
	line("lazytrace %s", r.Version)
	if len(r.Places) > 0 {
		line("\nplaces")
	}
	for _, p := range r.Places {
		switch {
		case !p.There:
			line("  none     %s", p.Path)
		default:
			line("  %-7s  %s", plural(p.Files, "file"), p.Path)
		}
	}
	line("\nread")
	if len(r.Read) == 0 {
		line("  nothing")
	}
	for _, f := range r.Read {
		text := fmt.Sprintf("%-16s %s, %s, %s", f.Format, plural(f.Files, "file"), plural(int(f.Records), "record"), plural(f.Sessions, "session"))
		if len(f.Versions) > 0 {
			text += ", written by " + strings.Join(f.Versions, " to ")
		}
		if f.Unread > 0 {
			text += fmt.Sprintf(", %d unreadable", f.Unread)
		}
		line("  %s", text)
	}
	r.printNews(line)
	if len(r.Kept) > 0 {
		line("\nkept by their agents")
	}
	for _, k := range r.Kept {
		line("  %-16s %s, %s", k.Format, plural(k.Files, "file"), k.text())
	}
	line("\nfollowed")
	if f := r.Followed; f.Polled > 0 {
		line("  %s as the system tells, %s looked at every second: %s", plural(f.Told, "folder"), plural(f.Polled, "path"), f.Reason)
	} else {
		line("  %s, as the system tells", plural(f.Told, "folder"))
	}
	line("\nstore")
	switch {
	case r.Store.Path == "":
		line("  not looked at")
	case !r.Store.There:
		line("  none yet: %s", r.Store.Path)
	default:
		state := "sound"
		if len(r.Store.Damage) > 0 {
			state = "damaged: " + r.Store.Damage[0]
		}
		line("  %s, %d bytes, %s", r.Store.Path, r.Store.Size, state)
	}
	if r.Prices.Date != "" {
		line("\nprices\n  of %s, %s old, %s; %d of your own", r.Prices.Date, plural(r.Prices.Days, "day"), r.Prices.Source, r.Prices.Own)
	}
	if len(r.Killed) > 0 {
		line("\ninterrupted")
	}
	for i, k := range r.Killed {
		if i == 5 {
			line("  and %d more; --json has all", len(r.Killed)-i)
			break
		}
		line("  session %s in %s: %s", short(k.Session), strings.Join(k.Paths, ", "), k.Reason)
	}
	line("\nformats of your own\n  in %s: %s", r.Formats.Folder, cmp.Or(strings.Join(r.Formats.Names, ", "), "none"))
	for _, p := range r.Formats.Problems {
		line("  %s", p)
	}
	if t := r.Terminal; t.Terminal {
		line("\nterminal\n  %s, colours %s, %d columns, %d lines", cmp.Or(t.Term, "no TERM"), t.Colors, t.Width, t.Height)
	} else {
		line("\nterminal\n  %s, standard output is none: the explorer needs one", cmp.Or(t.Term, "no TERM"))
	}
	line("\nwhat to do")
	if len(r.Broken)+len(r.Advice) == 0 {
		line("  nothing: all is well")
	}
	for _, b := range r.Broken {
		line("  broken: %s", b)
	}
	for _, a := range r.Advice {
		line("  %s", a)
	}
}

// text says how long the agent keeps its sessions.
func (k doctorKept) text() string {
	if k.Trouble != "" {
		return "nobody can say how long: " + k.Trouble
	}
	var parts []string
	if k.keeping.For > 0 {
		since := "written to"
		if k.keeping.ByLast {
			since = "used"
		}
		parts = append(parts, fmt.Sprintf("deleted when not %s for %s", since, plural(int(k.keeping.For/(24*time.Hour)), "day")))
		if k.keeping.For < 24*time.Hour {
			parts[0] = fmt.Sprintf("deleted when not %s for %s", since, plural(int(k.keeping.For/time.Hour), "hour"))
		}
	}
	if k.Newest > 0 {
		parts = append(parts, fmt.Sprintf("but the newest %d deleted", k.Newest))
	}
	source := k.Setting + " in " + k.File
	if k.Default {
		source = "as always where " + k.Setting + " is not set"
	}
	return strings.Join(parts, ", ") + ": " + source
}

// printNews tells what could not be opened, read, or understood.
func (r *doctorResult) printNews(line func(format string, args ...any)) {
	const most = 20
	if len(r.Drift) > 0 {
		line("\nnew to this version")
	}
	for i, n := range r.Drift {
		if i == most {
			line("  and %d more; --json has all", len(r.Drift)-most)
			break
		}
		line("  %s: the %s %q, %s, first in %s at %d", n.Format, n.What, n.Name, plural(int(n.Count), "time"), n.Path, n.Pos)
	}
	for _, part := range []struct {
		title string
		list  []faultResult
	}{{"not opened", r.Failed}, {"not read", r.Faults}} {
		if len(part.list) > 0 {
			line("\n%s", part.title)
		}
		for i, f := range part.list {
			if i == most {
				line("  and %d more", len(part.list)-most)
				break
			}
			line("  %s", eventlog.Fault{Path: f.Path, Pos: f.Pos, Why: f.Why}.String())
		}
	}
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}
