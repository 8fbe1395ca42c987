package tui

import (
	"context"
	"errors"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/tui/ask"
	"github.com/lazytrace/lazytrace/tui/menu"
)

// fork is the menu of how the session can be gone on with from the selected
// step. A fork is a session of its own; this one stays as it is.
func (e *explorer) fork() tea.Cmd {
	fork := e.world.opts.Fork
	if fork == nil {
		return ask.Tell("there is no store into which a fork could be written")
	}
	id := e.selected()
	if id == 0 {
		return nil
	}
	snap, log, session := e.snap, e.log, e.session
	row := snap.Span(id).Last
	if s := snap.Span(id); s.Kind == eventlog.SpanRun || s.Kind == eventlog.SpanSession {
		row = s.First
	}
	do := func(format string) func() tea.Cmd {
		return func() tea.Cmd {
			return ask.Do(ask.Task{Title: "forking", Run: func(ctx context.Context, _ func(done, total int64)) (string, error) {
				events, err := log.Events(ctx, []eventlog.RowID{row})
				if err == nil && (len(events) == 0 || events[0].ID == "") {
					err = errors.New("this step has no id by which it could be named; go to one that has")
				}
				if err != nil {
					return "", err
				}
				return fork(ctx, session, events[0].ID, format)
			}})
		}
	}
	items := []menu.Item{
		{Key: "f", Text: "a new session in the store, no more", Do: do("")},
		{Key: "a", Text: "and its messages for Anthropic", Do: do("anthropic")},
		{Key: "o", Text: "and its messages for OpenAI", Do: do("openai")},
		{Key: "s", Text: "and a session.json of the Agent SDK", Do: do("agent-session")},
	}
	switch session.Format {
	case "claude":
		items = append(items, menu.Item{Key: "c", Text: "and a transcript to go on with in Claude Code", Do: do("claude")})
	case "codex":
		items = append(items, menu.Item{Key: "c", Text: "and a rollout to go on with in Codex", Do: do("codex")})
	}
	return ask.Do(ask.Choice{Menu: menu.New("Fork at this step", menu.ByLetter, items)})
}
