package sqlite

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
	"unsafe"

	"github.com/lazytrace/lazytrace/eventlog"
)

var _ eventlog.Writer = (*Store)(nil)

// WriteEvents appends the events in one transaction and returns after its
// commit. After an error none of them is in the store, unless it was the
// commit itself that failed; either way they may be sent again, since an event
// whose session has its ID already is left out.
func (s *Store) WriteEvents(ctx context.Context, events []eventlog.Event) error {
	_, err := s.AddEvents(ctx, events)
	return err
}

// AddEvents does so and returns how many events were not in the store yet.
func (s *Store) AddEvents(ctx context.Context, events []eventlog.Event) (added int64, err error) {
	if len(events) == 0 {
		return 0, nil
	}
	err = s.write(ctx, "write", func(ctx context.Context) error {
		return s.conn.Raw(func(any) error {
			added, err = s.insert.rows(ctx, events)
			return err
		})
	})
	if err != nil {
		return 0, err
	}
	return added, nil
}

// write does one transaction and gives its error a name.
func (s *Store) write(ctx context.Context, op string, do func(context.Context) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn == nil {
		return fmt.Errorf("%s %s: %w", op, s.name, ErrClosed)
	}
	return explain(op, s.name, s.transact(ctx, do))
}

// transact takes the write lock first, so that waiting for it is the only
// place where another process can make it fail. The commit is not interrupted:
// a caller that gives up must not leave it unknown whether it happened.
func (s *Store) transact(ctx context.Context, do func(context.Context) error) error {
	quiet := context.WithoutCancel(ctx)
	if err := s.exec(ctx, "BEGIN IMMEDIATE"); err != nil {
		// An interrupt that came too late leaves a transaction behind.
		_ = s.exec(quiet, "ROLLBACK")
		return err
	}
	err := do(ctx)
	if err == nil {
		err = s.exec(quiet, "COMMIT")
	}
	if err != nil {
		// SQLite may have rolled back by itself, and then says so: no news.
		_ = s.exec(quiet, "ROLLBACK")
	}
	return err
}

func typeOf(e *eventlog.Event) string {
	if e.Type != "" {
		return e.Type
	}
	return e.Kind.String()
}

// seconds are what LazyBridge writes: a float of microsecond precision. An
// unknown moment is 0, since the column may not be null.
func seconds(t eventlog.Stamp) float64 { return float64(int64(t)/1000) / 1e6 }

func secondsOrNull(t eventlog.Stamp) any {
	if !t.Known() {
		return nil
	}
	return seconds(t)
}

// text repairs what is not UTF-8: other readers of the store fail on it.
func text(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return text(s)
}

// object returns a payload as the text of a JSON object, which is the payload
// itself where that will do: SQLite copies it. It does not look inside an object,
// which may hold the NaN that Python writes; what is no object becomes the only
// member of one.
func object(payload json.RawMessage) string {
	body := bytes.TrimSpace(payload)
	if len(body) == 0 {
		return "{}"
	}
	if !utf8.Valid(body) {
		body = bytes.ToValidUTF8(body, []byte("\uFFFD"))
	}
	if body[0] == '{' && body[len(body)-1] == '}' {
		return unsafe.String(unsafe.SliceData(body), len(body))
	}
	if !json.Valid(body) {
		body, _ = json.Marshal(string(body)) // a string always has a spelling
	}
	return `{"payload": ` + string(body) + `}`
}
