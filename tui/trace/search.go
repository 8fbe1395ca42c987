package trace

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/tui/job"
)

// search is what was found so far in the records for the free words of a query.
// A word is at once looked for in the names; the records are read behind that,
// a portion at a time, and what each portion finds is shown when it is there.
type search struct {
	words  string // what is looked for
	bits   map[string][]uint64
	next   eventlog.RowID // the rows before it have been looked at
	failed bool           // records could not be read
}

type searchedMsg struct {
	p      *Pane
	ticket job.Ticket
	found  search
	hits   bool // more was found
}

// typing is how long a word must stand before records are read for it: until
// then the person may be in the middle of it.
const typing = 120 * time.Millisecond

// portion is how long records are searched before the hits are shown.
const portion = 100 * time.Millisecond

// search goes on to look for the words of the query, unless all was searched.
func (p *Pane) search() tea.Cmd {
	words := p.view.Query.Words()
	if key := strings.Join(words, "\n"); key != p.found.words {
		p.searching.Stop()
		p.found = search{words: key}
	}
	if len(words) == 0 || p.forest == nil || p.found.failed || p.searching.Busy() || p.searched() == 1 {
		return nil
	}
	ctx, ticket := p.searching.Restart(p.ctx)
	log, found, rows, pause := p.log, p.found, p.forest.Snap.Rows.Len(), time.Duration(0)
	if found.next == 0 {
		pause = p.Typing
	}
	return func() tea.Msg {
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		hits := found.more(ctx, log, words, rows)
		return searchedMsg{p, ticket, found, hits}
	}
}

// more searches one portion. What was found before stays as it was: somebody
// may be laying out lines by it.
func (s *search) more(ctx context.Context, log eventlog.Log, words []string, rows int) (hits bool) {
	ctx, done := context.WithTimeout(ctx, portion)
	defer done()
	before := s.bits
	s.bits = make(map[string][]uint64, len(words))
	sets := make([][]uint64, len(words))
	for i, w := range words {
		sets[i] = make([]uint64, rows/64+1)
		copy(sets[i], before[w])
		s.bits[w] = sets[i]
	}
	next, err := log.Grep(ctx, words, s.next, func(word int, row eventlog.RowID) {
		if int(row) < rows {
			sets[word][row>>6] |= 1 << (row & 63)
			hits = true
		}
	})
	s.next = max(s.next, min(next, eventlog.RowID(rows)))
	s.failed = err != nil && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled)
	return hits
}

// searched returns the share of the records that was searched, from 0 to 1.
func (p *Pane) searched() float64 {
	rows := p.forest.Snap.Rows.Len()
	if rows <= int(p.found.next) {
		return 1
	}
	return float64(p.found.next) / float64(rows)
}

// took takes what a portion found and goes on.
func (p *Pane) took(msg searchedMsg) tea.Cmd {
	if fresh, _ := p.searching.Land(msg.ticket); !fresh {
		return nil
	}
	p.found = msg.found
	var show tea.Cmd
	if msg.hits {
		show = p.lay(false)
	}
	return tea.Batch(show, p.search())
}

// progress says how far the search is, or nothing.
func (p *Pane) progress() string {
	switch {
	case p.found.words == "" || p.forest == nil:
		return ""
	case p.found.failed:
		return "records could not be searched"
	case p.searched() < 1:
		return fmt.Sprintf("searching %.0f%%", 100*p.searched())
	}
	return ""
}
