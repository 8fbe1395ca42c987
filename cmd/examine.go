package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/term"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/archive"
	"github.com/lazytrace/lazytrace/eventlog/dialect"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/eventlog/formats"
	"github.com/lazytrace/lazytrace/eventlog/source"
	"github.com/lazytrace/lazytrace/eventlog/sqlite"
	"github.com/lazytrace/lazytrace/rollup/health"
)

// examiner finds out what doctor tells, and the page of the explorer that tells
// the same.
type examiner struct {
	*health.Report
	env *Env
}

// examine looks at all usual places, or at some paths. What is wrong becomes a
// part of the report. progress, which may be nil, is told how many records were
// read, by several goroutines.
func examine(ctx context.Context, env *Env, paths []string, progress func(records int64)) (*health.Report, error) {
	quiet := *env // what is wrong is told in the report
	quiet.Stderr = io.Discard
	r := examiner{health.New(), &quiet}
	r.Version = Version()
	if err := r.logs(ctx, paths, progress); err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		if err := r.store(ctx); err != nil {
			return nil, err
		}
	}
	r.formats()
	r.prices()
	r.Terminal = terminalFacts(env)
	return r.Report, nil
}

// madeByPrograms are the formats whose sessions are made by programs of the
// person's own, not by an agent that has its own ways.
var madeByPrograms = map[string]bool{"lazybridge": true, "lazybridge-legacy": true, "sentrial": true, "niitaka": true}

// logs reads everything and notes what is there and what is not understood.
func (r examiner) logs(ctx context.Context, paths []string, progress func(int64)) error {
	env := r.env
	found, err := pathsOrUsual(env, paths, false)
	if err != nil {
		return err
	}
	opt, err := readOptions(env, false)
	if err != nil {
		return err
	}
	in := inspector{known: map[string]dialect.Vocabulary{}, news: map[[3]string]*health.Drift{}, by: map[string]string{}, progress: progress}
	opt.Inspect, opt.Usual = in.inspect, len(paths) == 0
	set := source.Open(ctx, found, opt)
	defer func() { _ = set.Close() }() // it was only read
	if err := set.Wait(ctx); err != nil {
		return err
	}
	cat := set.Sources().Catalog()
	r.Drift = in.list()
	r.Take(cat, eventlog.StampOf(env.Now()), func(format string) bool { return madeByPrograms[format] })
	if opt.Archive != nil {
		r.archive(cat, opt.Archive)
	}
	store, _ := defaultStore(env.Getenv)
	if len(paths) == 0 {
		found = source.Expected(env.Getenv, store)
	}
	w := source.Watch(ctx, found, opt)
	r.Follow(w.Told, w.Polled, w.Reason)
	if len(paths) == 0 {
		for _, p := range source.Places(env.Getenv, store) {
			r.Places = append(r.Places, health.Place{Path: p.Path, Format: p.Format, There: p.There, Files: health.Files(cat, p.Path)})
		}
	}
	for _, f := range cat.Progress.Failed {
		if len(paths) == 0 && f.Path == store {
			continue // it is looked at by itself
		}
		r.Failed = append(r.Failed, health.Fault{Path: f.Path, Pos: f.Pos, Why: f.Why})
		// In a folder there may be files of any kind.
		if slices.Contains(paths, f.Path) || !source.IsUnknown(f) {
			r.Break(f.Why)
		}
	}
	if len(r.Drift) > 0 {
		r.Advise("a newer lazytrace may know what is new here; until then it is kept and shown as it is")
	}
	if len(r.Failed) > 0 {
		r.Advise("a file of no known format can be described: docs/formats.md, then lazytrace events --all --format FILE PATH")
	}
	if len(r.Faults) > 0 {
		r.Advise("lines that cannot be read are mostly torn by a crash or a full disk; all others count")
	}
	return nil
}

// archive looks at the copies that are kept of logs.
func (r examiner) archive(cat *eventlog.Catalog, folder *archive.Folder) {
	info, err := folder.Info()
	a := health.Archive{Path: folder.Dir(), There: info.There, Exact: info.Exact, Files: info.Copies, Size: info.Size, Packed: info.Packed}
	if err != nil {
		a.Trouble = fileReason(err).Error()
	}
	if !info.Ran.IsZero() {
		a.Ran = &info.Ran
	}
	r.TakeArchive(cat, eventlog.StampOf(r.env.Now()), a, folder.Current)
}

// store looks at the user's own store.
func (r examiner) store(ctx context.Context) error {
	path, err := defaultStore(r.env.Getenv)
	if err != nil {
		return err
	}
	r.Store = health.Store{Path: path, Damage: []string{}}
	info, err := os.Stat(path)
	if err != nil {
		if !errors.Is(err, os.ErrNotExist) {
			r.Break(err.Error())
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
		r.Break("the store is damaged: " + r.Store.Damage[0])
		r.Advise("move the damaged store away: a new one is made, and what can still be read of the old one is shown with lazytrace open")
	} else {
		r.Store.Damage = []string{}
	}
	return nil
}

func (r examiner) formats() {
	r.Formats = health.Formats{Folder: formatsFolder(r.env), Names: []string{}, Problems: []string{}}
	own, problems := formats.Load(r.Formats.Folder)
	for _, d := range own {
		r.Formats.Names = append(r.Formats.Names, d.Title)
	}
	for _, p := range problems {
		r.Formats.Problems = append(r.Formats.Problems, p.Error())
	}
	if len(problems) > 0 {
		r.Break("descriptions of formats have " + figure.Plural(len(problems), "mistake"))
		r.Advise("mend the descriptions of formats: docs/formats.md tells every key")
	}
}

// oldPrices is from how many days on prices are said to be old.
const oldPrices = 180

func (r examiner) prices() {
	p, err := openPrices(r.env)
	if err != nil {
		r.Break(err.Error())
		r.Advise("mend your own prices, or move the file away: nothing is priced until then")
		return
	}
	r.Prices = health.Prices{Date: p.Date, Source: p.source, Own: p.own()}
	if day, err := time.Parse(time.DateOnly, p.Date); err == nil {
		r.Prices.Days = max(0, int(r.env.Now().Sub(day).Hours()/24))
	}
	if r.Prices.Days > oldPrices {
		r.Advise(fmt.Sprintf("prices are %d days old: lazytrace prices update fetches newer ones; recorded costs are not touched", r.Prices.Days))
	}
}

func terminalFacts(env *Env) health.Terminal {
	t := health.Terminal{Term: env.Getenv("TERM"), Colors: "none"}
	out, ok := env.Stdout.(*os.File)
	if !ok || !term.IsTerminal(out.Fd()) {
		return t
	}
	t.Terminal = true
	t.Colors = colorprofile.Detect(out, os.Environ()).String()
	t.Width, t.Height, _ = term.GetSize(out.Fd())
	return t
}
