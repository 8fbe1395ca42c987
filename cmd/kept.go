package cmd

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/dialect"
	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/eventlog/shelf"
	"github.com/lazytrace/lazytrace/eventlog/source"
)

// envNoCache turns off that summaries are kept, whatever its value is.
const envNoCache = "LAZYTRACE_NO_CACHE"

// summariesFolder is where the summaries of logs are kept for the next start.
func summariesFolder(env *Env) (string, error) {
	dir, err := userFolder(env.Getenv, "XDG_CACHE_HOME", map[string][]string{
		"darwin": {"Library", "Caches"}, "windows": {"AppData", "Local"}, "": {".cache"},
	})
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "summaries"), nil
}

// keepSummaries says where summaries are kept, unless they are not to be.
func keepSummaries(env *Env, opt *source.Options, book *prices) {
	dir, err := summariesFolder(env)
	if err != nil || env.Getenv(envNoCache) != "" {
		return
	}
	stamp, ok := readingStamp(opt.Known)
	if !ok {
		return
	}
	opt.Keep, opt.Stamp = dir, stamp+" prices "+book.stamp
}

// readingStamp tells the program and the formats of the user's own from others: what
// they make of a log is made anew by any other. The program is told by its file, for
// one that is being worked on has no version of its own.
func readingStamp(known []dialect.Dialect) (string, bool) {
	path, err := os.Executable()
	if err != nil {
		return "", false
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", false
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %d %d", Version(), info.Size(), info.ModTime().UnixNano())
	for _, d := range known {
		fmt.Fprintf(&b, " %s", d.Name())
		if own, ok := d.(*dialect.Declared); ok {
			text, err := os.ReadFile(own.File)
			if err != nil {
				return "", false
			}
			b.WriteString(" " + stampOf(text))
		}
	}
	return b.String(), true
}

// stampOf tells a text from others.
func stampOf[T string | []byte](text T) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}

func newCache(env *Env) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "cache", Short: "Say what is kept of logs for the next start, or clear it", Args: cobra.NoArgs,
		Long: `Say what is kept of logs for the next start: of each file, what its sessions
come to, so that a file that has not changed is not read again. Nothing of what
was said in a session is among it but what lists show, masked. All of it may be
cleared at any time; the next start takes longer, and nothing else changes.

` + envNoCache + `=1 in the environment keeps nothing and uses nothing that was
kept. What caches of model providers saved is told by lazytrace usage --cache.`,
		RunE: func(*cobra.Command, []string) error { return runCache(env, asJSON) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.AddCommand(newCacheInfo(env), newCacheClear(env))
	return c
}

func newCacheInfo(env *Env) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "info", Short: "Say what is kept, and where", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return runCache(env, asJSON) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func newCacheClear(env *Env) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "clear", Short: "Remove all that is kept", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return runCacheClear(env, asJSON) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// cacheResult is what is kept, as JSON tells it.
type cacheResult struct {
	Folder  string         `json:"folder"`
	On      bool           `json:"on"`
	Files   int            `json:"files"`
	Bytes   int64          `json:"bytes"`
	Packs   int            `json:"packs"`
	Oldest  eventlog.Stamp `json:"oldest_use"`
	MaxSize int64          `json:"max_bytes"`
	MaxDays int            `json:"max_days"`
	Cleared bool           `json:"cleared"`
}

// lookAtCache says what is kept now.
func lookAtCache(env *Env) (*cacheResult, error) {
	dir, err := summariesFolder(env)
	if err != nil {
		return nil, refuse("find the cache folder: %v; set XDG_CACHE_HOME", err)
	}
	st, front := shelf.Look(dir), shelf.Look(source.Fronts(dir)) // what is shown first is of the same files
	return &cacheResult{
		Folder: dir, On: env.Getenv(envNoCache) == "", Files: st.Entries, Bytes: st.Bytes + front.Bytes, Packs: st.Packs + front.Packs, Oldest: eventlog.StampOf(st.Oldest),
		MaxSize: shelf.DefaultSize + source.FrontsSize, MaxDays: int(shelf.DefaultAge / (24 * time.Hour)),
	}, nil
}

func runCache(env *Env, asJSON bool) error {
	r, err := lookAtCache(env)
	if err != nil {
		return err
	}
	if asJSON {
		return r.print(env)
	}
	state := "on"
	if !r.On {
		state = "off: " + envNoCache + " is set"
	}
	fmt.Fprintf(env.Stdout, "folder  %s\nstate   %s\nkept    %s of %s, at most %s; what is not used for %d days goes\n",
		escape.Line(r.Folder), state, figure.Bytes(r.Bytes), figure.Plural(r.Files, "file"), figure.Bytes(r.MaxSize), r.MaxDays)
	return nil
}

func (r *cacheResult) print(env *Env) error {
	shown := *r
	shown.Folder = escape.Line(r.Folder)
	return printJSON(env.Stdout, &shown)
}

func runCacheClear(env *Env, asJSON bool) error {
	r, err := lookAtCache(env)
	if err != nil {
		return err
	}
	for _, dir := range [...]string{source.Fronts(r.Folder), r.Folder} {
		if err := shelf.Clear(dir); err != nil {
			return errors.Join(fmt.Errorf("clear %s: %w", dir, fileReason(err)))
		}
	}
	if r.Cleared = true; asJSON {
		return r.print(env)
	}
	fmt.Fprintf(env.Stdout, "cleared %s of %s in %s\n", figure.Bytes(r.Bytes), figure.Plural(r.Files, "file"), escape.Line(r.Folder))
	return nil
}
