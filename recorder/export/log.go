package export

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"unicode/utf8"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/escape"
)

// Log gives events to a structured logger. The message is the event type, the
// time that of the event, and the attributes are always the same: id,
// session_id, run_id and agent, which are empty where there is none, then
// provider, model, tool, call_id and error where the event has them, and the
// payload as JSON. Failures are at Error, drops at Warn, everything else at Info.
type Log struct {
	handler slog.Handler
	reader  *reader
}

// NewLog logs to logger.
func NewLog(logger *slog.Logger) *Log {
	return &Log{handler: logger.Handler(), reader: newReader()}
}

// NewLogTo logs to out, one JSON object a line. What a terminal would act upon
// is escaped.
func NewLogTo(out io.Writer) *Log {
	return NewLog(slog.New(slog.NewJSONHandler(tame{out}, nil)))
}

// Name says what it is.
func (*Log) Name() string { return "log" }

// Export logs the event.
func (l *Log) Export(e eventlog.Event) error {
	ctx := context.Background()
	got := l.reader.read(&e)
	level := slog.LevelInfo
	switch {
	case got.Kind == eventlog.Dropped:
		level = slog.LevelWarn
	case got.Failed:
		level = slog.LevelError
	}
	if !l.handler.Enabled(ctx, level) {
		return nil
	}
	record := slog.NewRecord(e.Time.Time(), level, e.Type, 0)
	record.AddAttrs(
		slog.String("id", e.ID), slog.String("session_id", e.SessionID), slog.String("run_id", e.RunID), slog.String("agent", got.Agent),
	)
	for _, a := range [...]slog.Attr{
		slog.String("provider", got.Provider), slog.String("model", got.Model), slog.String("tool", got.Tool),
		slog.String("call_id", got.CallID), slog.String("error", got.Message),
	} {
		if a.Value.String() != "" {
			record.AddAttrs(a)
		}
	}
	if json.Valid(e.Payload) {
		record.AddAttrs(slog.Any("payload", e.Payload))
	}
	if err := l.handler.Handle(ctx, record); err != nil {
		return fmt.Errorf("log events: %w", err)
	}
	return nil
}

// Close leaves the logger as it is.
func (*Log) Close() error { return nil }

// tame is a writer of JSON that escapes what a terminal would act upon or hide.
// Such characters only stand in strings.
type tame struct{ out io.Writer }

func (t tame) Write(p []byte) (int, error) {
	text := make([]byte, 0, len(p)+16)
	for i := 0; i < len(p); {
		r, n := utf8.DecodeRune(p[i:])
		switch shown := string(p[i : i+n]); {
		case r < 0x7f, escape.Line(shown) == shown:
			text = append(text, p[i:i+n]...)
		case r > 0xffff:
			text = fmt.Appendf(text, `\u%04x\u%04x`, 0xd800+(r-0x10000)>>10, 0xdc00+r&0x3ff)
		default:
			text = fmt.Appendf(text, `\u%04x`, r)
		}
		i += n
	}
	if _, err := t.out.Write(text); err != nil {
		return 0, err
	}
	return len(p), nil
}
