package cmd

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/lazytrace/lazytrace/cmd/mcp"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/eventlog/talk"
	"github.com/lazytrace/lazytrace/redact"
)

type askedEvent struct {
	askedBounds
	Session string `json:"session,omitempty" about:"the session that it is in, by the beginning of its id; without it, the newest"`
	Event   string `json:"event" about:"ref of the event, as trace, find and why_failed tell it, or its id in the log"`
	Offset  int    `json:"offset,omitempty" about:"from which byte of the body on: next_offset of the answer before"`
}

type toldEvent struct {
	Session string `json:"session_id"`
	Ref     string `json:"ref"`
	ID      string `json:"id,omitempty" about:"as its log spells it"`
	Kind    string `json:"kind"`
	Type    string `json:"event_type,omitempty" about:"as its log spells it"`
	Time    string `json:"at,omitempty"`
	Agent   string `json:"agent,omitempty"`
	Tool    string `json:"tool,omitempty"`
	Model   string `json:"model,omitempty"`
	Run     string `json:"run_id,omitempty"`
	Call    string `json:"call_id,omitempty" about:"joins call and result"`
	Failed  bool   `json:"failed"`
	Path    string `json:"path" about:"of the log"`
	Body    string `json:"body" about:"arguments, result, message and payload as one JSON text, secrets masked"`
	Bytes   int    `json:"body_bytes" about:"how long the body is in all"`
	Next    int    `json:"next_offset,omitempty"`
	Cut     string `json:"cut,omitempty" about:"what was left out, and how to get it"`
}

func (t *tools) event(ctx context.Context, in askedEvent, room *mcp.Room) (out toldEvent, said string, err error) {
	if in.Offset < 0 {
		return out, "", errNegative
	}
	_, s, log, snap, err := t.open(ctx, in.Session)
	if err != nil {
		return out, "", err
	}
	defer func() { _ = log.Close() }() // it was only read
	id, err := t.row(ctx, log, snap, in.Event)
	if err != nil {
		return out, "", err
	}
	events, err := log.Events(ctx, []eventlog.RowID{id})
	if err != nil {
		return out, "", err
	}
	e, row := &events[0], snap.Rows.At(int(id))
	out = toldEvent{
		Session: mcp.Name(cmp.Or(e.SessionID, s.ID)), Ref: rowRef(snap, id), ID: mcp.Name(e.ID), Kind: e.Kind.String(), Type: mcp.Name(e.Type), Time: when(e.Time), Agent: mcp.Name(e.Agent),
		Tool: mcp.Name(e.Tool), Model: mcp.Name(e.Model), Run: mcp.Name(e.RunID), Call: mcp.Name(e.CallID), Failed: e.Failed, Path: mcp.Name(rowPath(snap, &row)),
	}
	room.Put(out)
	all := eventObject(e)
	for _, told := range []string{"id", "session_id", "event_type", "kind", "ts", "run_id", "agent", "tool", "model", "call_id", "failed"} {
		delete(all, told)
	}
	var b bytes.Buffer
	if err := printJSON(&b, all); err != nil {
		return out, "", err
	}
	body, _ := mcp.Redactor().Text(strings.TrimSpace(b.String()))
	body = escape.Text(body)
	out.Bytes = len(body)
	if in.Offset > len(body) {
		return out, "", fmt.Errorf("offset %d is behind the end of the body, which has %d bytes", in.Offset, len(body))
	}
	out.Body, out.Next = piece(body, in.Offset, room)
	if out.Next > 0 {
		out.Cut = fmt.Sprintf("bytes %d to %d of %d; ask again with offset %d for more", in.Offset, out.Next, len(body), out.Next)
	}
	return out, fmt.Sprintf("Event %s of kind %s, %d bytes.", out.Ref, out.Kind, out.Bytes), nil
}

// piece marks what of a text there is room for from a place on, and says where it
// goes on, or zero.
func piece(text string, from int, room *mcp.Room) (marked string, next int) {
	n := room.Cut(text[from:])
	if from+n < len(text) {
		next = from + n
	}
	return mcp.Mark(text[from : from+n]), next
}

type askedTranscript struct {
	askedBounds
	Session  string `json:"session,omitempty" about:"by the beginning of its id; without it, the newest"`
	Agent    string `json:"agent,omitempty" about:"the conversations of this sub-agent only"`
	Tools    string `json:"tools,omitempty" enum:"none,names,full" about:"how much is told of tool calls, by default names"`
	Thinking bool   `json:"thinking,omitempty" about:"also what the model thought"`
	Offset   int    `json:"offset,omitempty" about:"from which byte on: next_offset of the answer before"`
}

type toldTranscript struct {
	Session  string `json:"session_id"`
	Markdown string `json:"markdown"`
	Next     int    `json:"next_offset,omitempty"`
	Cut      string `json:"cut,omitempty" about:"what was left out, and how to get it"`
}

// excerpt keeps of what is written, with its secrets masked, the bytes from one place
// on, as many as are asked for, and ends the writing then.
type excerpt struct {
	masked     *redact.Stream
	skip, most int
	kept       []byte
}

func (w *excerpt) Write(p []byte) (int, error) {
	return len(p), w.keep(w.masked.Write(string(p)))
}

func (w *excerpt) keep(s string) error {
	if w.skip >= len(s) {
		w.skip -= len(s)
		return nil
	}
	s = s[w.skip:]
	w.skip = 0
	w.kept = append(w.kept, s[:min(len(s), w.most-len(w.kept))]...)
	if len(w.kept) >= w.most {
		return enoughFound{}
	}
	return nil
}

func (t *tools) transcript(ctx context.Context, in askedTranscript, room *mcp.Room) (out toldTranscript, said string, err error) {
	tools, ok := transcriptTools[cmp.Or(in.Tools, "names")]
	if !ok {
		return out, "", fmt.Errorf("tools %q is not known; it is none, names or full", in.Tools)
	}
	if in.Offset < 0 {
		return out, "", errNegative
	}
	cat, s, log, snap, err := t.open(ctx, in.Session)
	if err != nil {
		return out, "", err
	}
	defer func() { _ = log.Close() }() // it was only read
	found, err := conversations(snap, s, mcp.Given(in.Agent))
	if err != nil {
		return out, "", err
	}
	kept := &excerpt{masked: mcp.Redactor().Stream(), skip: in.Offset, most: 3 * room.Left()}
	full := false
	for i, root := range found {
		list, err := talk.Items(ctx, snap, root)
		if err != nil {
			return out, "", err
		}
		opt := talk.Options{Tools: tools, Thinking: in.Thinking}
		if opt.Title, opt.About = s.Label(), aboutSession(t.env, cat, s); in.Agent != "" {
			of := snap.Span(root)
			opt.Title, opt.About = snap.Symbols.Name(of.Agent)+" "+short(snap.Symbols.Name(of.Run)), nil
		}
		if i > 0 {
			_, err = io.WriteString(kept, "\n")
		}
		if err == nil {
			err = talk.Markdown(ctx, kept, log, list, opt)
		}
		if full = errors.Is(err, enoughFound{}); full {
			break
		}
		if err != nil {
			return out, "", err
		}
	}
	if !full {
		full = kept.keep(kept.masked.Close()) != nil
	}
	if kept.skip > 0 || in.Offset > 0 && len(kept.kept) == 0 {
		return out, "", fmt.Errorf("offset %d is behind the end of the transcript", in.Offset)
	}
	out.Session = mcp.Name(s.ID)
	text := strings.ToValidUTF8(string(kept.kept), "")
	var next int
	out.Markdown, next = piece(text, 0, room)
	if next == 0 && full {
		next = len(text)
	}
	said = fmt.Sprintf("Transcript of session %s, to its end.", out.Session)
	if next > 0 {
		out.Next = in.Offset + next
		out.Cut = fmt.Sprintf("more is there; ask again with offset %d, or with tools none", out.Next)
		said = fmt.Sprintf("Transcript of session %s, bytes %d to %d; more is there.", out.Session, in.Offset, out.Next)
	}
	return out, said, nil
}
