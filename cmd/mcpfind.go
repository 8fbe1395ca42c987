package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/lazytrace/lazytrace/cmd/mcp"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
)

type askedFind struct {
	askedFilter
	askedBounds
	Words   []string `json:"words" about:"a record has to hold all of these; one may have blanks in it; the case of ASCII letters does not matter"`
	Session string   `json:"session,omitempty" about:"look in this session and those below it only"`
	Most    int      `json:"limit,omitempty" about:"how many at most, by default 20"`
	Offset  int      `json:"offset,omitempty" about:"how many to pass over: next_offset of the answer before"`
}

type toldHit struct {
	Session string `json:"session_id"`
	Ref     string `json:"ref" about:"give it to event, or to trace as around"`
	Time    string `json:"at,omitempty"`
	Kind    string `json:"kind,omitempty"`
	Tool    string `json:"tool,omitempty"`
	Agent   string `json:"agent,omitempty"`
	Path    string `json:"path" about:"of the log"`
	Line    int64  `json:"line,omitempty"`
	Excerpt string `json:"excerpt" about:"what stands around the first word"`
}

type toldHits struct {
	Hits []toldHit `json:"hits" about:"newest session first"`
	Next int       `json:"next_offset,omitempty"`
	Cut  string    `json:"cut,omitempty" about:"what was left out, and how to get it"`
}

func (t *tools) find(ctx context.Context, in askedFind, room *mcp.Room) (out toldHits, said string, err error) {
	if strings.TrimSpace(strings.Join(in.Words, "")) == "" {
		return out, "", errors.New("find what? words is empty; give one or more")
	}
	limit, err := counted("limit", in.Most, 20)
	if err != nil {
		return out, "", err
	}
	cat, keep, err := t.chosen(ctx, in.askedFilter, in.Offset)
	if err != nil {
		return out, "", err
	}
	if in.Session != "" {
		s, err := t.one(cat, in.Session, nil)
		if err != nil {
			return out, "", err
		}
		keep = below(s)
	}
	sessions := []*eventlog.Session{} // none is not all
	for _, s := range cat.Sessions {
		if keep(s) {
			sessions = append(sessions, s)
		}
	}
	out.Hits = []toldHit{}
	n, more := 0, false
	err = t.set.Search(ctx, in.Words, sessions, func(f *eventlog.Finding) error {
		if n++; n <= in.Offset {
			return nil
		}
		hit := toldHit{
			Session: mcp.Name(f.Session), Ref: refOf(f.Path, f.Within, f.Pos, 0), Time: when(f.Time), Kind: mcp.Name(f.Event), Tool: mcp.Name(f.Tool), Agent: mcp.Name(f.Agent),
			Path: mcp.Name(f.Path), Line: f.Line, Excerpt: mcp.Foreign(f.Excerpt, 300),
		}
		if len(out.Hits) >= limit || !room.Takes(hit) {
			more = true
			return enoughFound{}
		}
		out.Hits = append(out.Hits, hit)
		return nil
	}, nil)
	if err != nil && err != (enoughFound{}) {
		return out, "", err
	}
	said = fmt.Sprintf("%s in %s.", figure.Plural(len(out.Hits), "record"), figure.Plural(len(sessions), "session"))
	if more {
		out.Next = in.Offset + len(out.Hits)
		out.Cut = fmt.Sprintf("there are more; ask again with offset %d, or choose sessions", out.Next)
		said = fmt.Sprintf("The first %s in %s; there are more.", figure.Plural(len(out.Hits), "record"), figure.Plural(len(sessions), "session"))
		if in.Offset > 0 {
			said = "The next " + strings.TrimPrefix(said, "The first ")
		}
	}
	return out, said, nil
}
