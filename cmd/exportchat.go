package cmd

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/eventlog/fork"
	"github.com/lazytrace/lazytrace/eventlog/source"
)

// exportChat writes conversations: of one session to where the export goes, of
// several each into a file of a folder.
func exportChat(format fork.Format) func(context.Context, *Env, []string, exportOptions) error {
	return func(ctx context.Context, env *Env, paths []string, opts exportOptions) error {
		keep, err := opts.sessions(env)
		if err != nil {
			return err
		}
		set, cat, done, err := loadSet(ctx, env, paths)
		if err != nil {
			return err
		}
		defer done()
		e := chatExport{env: env, set: set, cat: cat, format: format, folder: isFolder(opts.out)}
		sessions := map[*eventlog.Session]bool{}
		for _, s := range cat.Sessions {
			if keep(s) && (opts.session != "" || s.Events > 0) {
				sessions[s] = true
			}
		}
		switch {
		case len(sessions) == 0:
			return refuse("no session is left to write: the filter leaves none of %d", len(cat.Sessions))
		case len(sessions) > 1 && !e.folder:
			return refuse("%d sessions do not go into one file as %s; leave one with --session or another filter, or write each into a file of a folder with -o DIR/", len(sessions), format)
		case e.folder:
			if err := os.MkdirAll(opts.out, 0o700); err != nil {
				return fmt.Errorf("write %s: %w", opts.out, fileReason(err))
			}
		}
		for _, group := range together(cat, func(s *eventlog.Session) bool { return sessions[s] }) {
			if err := e.write(ctx, group, opts); err != nil {
				return err
			}
		}
		return e.summarise(opts.out, len(sessions))
	}
}

// isFolder reports whether a path names a folder: one that is there, or by how it
// ends.
func isFolder(path string) bool {
	if strings.HasSuffix(path, "/") || strings.HasSuffix(path, string(filepath.Separator)) {
		return true
	}
	info, err := os.Stat(path)
	return path != "" && err == nil && info.IsDir()
}

// chatExport is an export of conversations that is under way.
type chatExport struct {
	env     *Env
	set     *source.Set
	cat     *eventlog.Catalog
	format  fork.Format
	folder  bool
	written int
	open    int // calls without a result, which are left out
}

// speaking is a conversation that is being read.
type speaking struct {
	fork.Conversation
	session *eventlog.Session
	runs    map[string]bool // that it is held in
}

// hearing shares events out among conversations.
type hearing map[string]*speaking

// Event takes an event.
func (h hearing) Event(_ string, e *eventlog.Event) error {
	if s := h[e.SessionID]; s != nil && e.Kind != eventlog.Unreadable && s.runs[e.RunID] {
		s.Add(e)
	}
	return nil
}

// Fault passes over what cannot be read, which is no part of a conversation.
func (h hearing) Fault(eventlog.Fault) error { return nil }

// Idle is called at the end.
func (h hearing) Idle() error { return nil }

// write writes sessions that share files, which are read once for all of them: what
// a record means may depend on those before it.
func (e *chatExport) write(ctx context.Context, sessions []*eventlog.Session, opts exportOptions) error {
	heard, paths, seen := hearing{}, []string(nil), map[string]bool{}
	var all []*speaking
	for _, s := range sessions {
		one := &speaking{session: s, runs: ownRuns(e.cat, s)}
		all = append(all, one)
		for _, id := range append([]string{s.ID}, s.Others...) {
			heard[id] = one
		}
		for _, path := range s.Paths {
			if !seen[path] {
				seen[path], paths = true, append(paths, path)
			}
		}
	}
	read, _, err := sourceOptions(e.env, paths, false)
	if err != nil {
		return err
	}
	if err := source.Stream(ctx, paths, read, heard); err != nil {
		return err
	}
	for _, one := range all {
		if err := e.file(one, opts); err != nil {
			return err
		}
	}
	return nil
}

// ownRuns are the runs in which the conversation of a session is held: those on
// top that are of one agent, as the first is. Others were started by them, and only
// what they came to is said in it.
func ownRuns(cat *eventlog.Catalog, s *eventlog.Session) map[string]bool {
	names := cat.Symbols.Names()
	runs := map[string]bool{"": true}
	var first *eventlog.Run
	for _, r := range s.Runs {
		if r.Parent != 0 || r.ID == 0 {
			continue
		}
		if first == nil || names[r.ID] == s.ID {
			first = r
		}
	}
	for _, r := range s.Runs {
		if first != nil && r.Parent == 0 && (r.Agent == first.Agent || r.ID == 0) {
			runs[names[r.ID]] = true
		}
	}
	return runs
}

// file writes one conversation.
func (e *chatExport) file(s *speaking, opts exportOptions) error {
	if s.Len() == 0 && (e.format != fork.AgentSession || s.session.Format != "agentsdk") {
		if e.folder {
			return nil // summarise says how many said nothing
		}
		return refuse("nothing was said in session %s that the log keeps", s.session.ID)
	}
	text, err := s.Export(e.format, s.session.ID)
	if err != nil {
		return err
	}
	e.written++
	e.open += s.Open()
	text = plainJSON(text)
	if e.folder {
		return writeNew(filepath.Join(opts.out, chatName(s.session)), text)
	}
	return opts.into(e.env, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

// chatName is the name of a file for a session: what its id says, where that is
// plain, and a part of its hash, so that no id names another file or two files are
// one where letters are told apart by nobody.
func chatName(s *eventlog.Session) string {
	sum := sha256.Sum256([]byte(s.ID))
	plain := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '_'
	}, s.ID[:min(len(s.ID), 40)])
	return "session-" + plain + "-" + hex.EncodeToString(sum[:6]) + ".json"
}

// summarise says what was written and what is not in it, beside what is read by
// programs.
func (e *chatExport) summarise(out string, of int) error {
	if e.folder {
		fmt.Fprintf(e.env.Stderr, "lazytrace: %s written to %s", figure.Plural(e.written, "session"), escape.Line(out))
		if e.written < of {
			fmt.Fprintf(e.env.Stderr, "; in %d nothing was said that the log keeps", of-e.written)
		}
		fmt.Fprintln(e.env.Stderr)
	}
	if e.open > 0 {
		fmt.Fprintf(e.env.Stderr, "lazytrace: left out: %s of tools without a result\n", figure.Plural(e.open, "call"))
	}
	if e.written == 0 {
		return refuse("nothing was said in %s that the log keeps", figure.Plural(of, "session"))
	}
	return nil
}
