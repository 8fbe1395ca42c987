package dialect

import (
	"path/filepath"

	"github.com/lazytrace/lazytrace/eventlog"
)

// CodexThreads reads the index that Codex keeps of its threads, for their titles
// and parents. What they did stands in their rollouts. See
// docs/format/codex-threads.md.
type CodexThreads struct{}

// Name returns the name of the format.
func (CodexThreads) Name() string { return "codex-threads" }

// Sniff knows the tables by their columns.
func (CodexThreads) Sniff(h *Head) int {
	if has(h.Tables["threads"], "id", "rollout_path", "title") && has(h.Tables["thread_spawn_edges"], "parent_thread_id", "child_thread_id") {
		return 90
	}
	return 0
}

// Tables asks for the threads and for which started which.
func (CodexThreads) Tables() []eventlog.Table {
	return []eventlog.Table{
		{Name: "threads", Columns: []string{"id", "title", "name", "first_user_message", "cwd", "git_branch", "cli_version", "agent_nickname", "created_at_ms", "created_at", "rollout_path"}, Mutable: true},
		{Name: "thread_spawn_edges", Columns: []string{"child_thread_id", "parent_thread_id"}, Mutable: true},
	}
}

// Rank says that the index tells of sessions whatever else holds them.
func (CodexThreads) Rank(*Head) int { return eventlog.Beside }

// Open returns a decoder.
func (CodexThreads) Open(Segment) Decoder { return &codexThreads{} }

// codexThreads decodes one index.
type codexThreads struct{ e eventlog.Event }

// Decode decodes a row.
func (d *codexThreads) Decode(rec *eventlog.Record, full bool, emit func(*eventlog.Event)) error {
	c := rec.Cells
	if c == nil {
		return ErrNoEvent
	}
	e := &d.e
	*e = eventlog.Event{ID: cellText(c[0]), SessionID: cellText(c[0]), Kind: eventlog.LoopStep, Type: "thread", Hidden: true}
	if rec.Table == 1 {
		e.Type = "spawn"
		e.Facts = &eventlog.Facts{ParentID: cellText(c[1])}
		if full {
			e.Details = []eventlog.Detail{{Name: "parent", Value: e.Facts.ParentID}}
		}
		emit(e)
		return nil
	}
	e.Time = moment(cellNumber(c[8]))
	if !e.Time.Known() {
		e.Time = moment(cellNumber(c[9]))
	}
	directory := cellText(c[4])
	e.Facts = &eventlog.Facts{
		Name: cellText(c[1]), Title: cellText(c[2]), Goal: cellText(c[3]), Directory: directory, Branch: cellText(c[5]), Version: cellText(c[6]),
		Agent: cellText(c[7]), Started: e.Time,
	}
	if directory != "" {
		e.Facts.Project = filepath.Base(directory)
	}
	if full {
		e.Text = cellText(c[1])
		if path := cellText(c[10]); path != "" {
			e.Details = []eventlog.Detail{{Name: "rollout", Value: path}}
		}
	}
	emit(e)
	return nil
}
