package dialect

import (
	"bytes"
	"path/filepath"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// OpencodeFiles reads the storage that opencode used before its database: a file
// of JSON for each session, message and part, with what are rows now. See
// docs/format/opencode-files.md.
type OpencodeFiles struct{}

// Name returns the name of the format.
func (OpencodeFiles) Name() string { return "opencode-files" }

// Sniff knows the file of a session by what it holds, and by the folder, from
// which the way leads to its messages.
func (OpencodeFiles) Sniff(h *Head) int {
	if filepath.Base(filepath.Dir(filepath.Dir(h.Path))) != "session" || len(h.Lines) == 0 || h.Lines[0][0] != '{' {
		return 0
	}
	text := bytes.Join(h.Lines, []byte("\n"))
	for _, name := range []string{`"id"`, `"time"`, `"created"`, `"title"`} {
		if !bytes.Contains(text, []byte(name)) {
			return 0
		}
	}
	return 85
}

// Tables asks for nothing: there is no database.
func (OpencodeFiles) Tables() []eventlog.Table { return nil }

// Rank puts the files behind the database, into which they were copied, and
// before what the program wrote to stdout.
func (OpencodeFiles) Rank(*Head) int { return 1 }

// Below leads from a session to its messages, and from a message to its parts.
func (OpencodeFiles) Below(table int, path string) string {
	name := strings.TrimSuffix(filepath.Base(path), ".json")
	switch table + ocSession {
	case ocSession:
		return filepath.Join(filepath.Dir(path), "..", "..", "message", name, "*.json")
	case ocMessage:
		return filepath.Join(filepath.Dir(path), "..", "..", "part", name, "*.json")
	}
	return ""
}

// Places are the storage of opencode.
func (OpencodeFiles) Places(env func(string) string) []string {
	if env("OPENCODE_DATA_DIR") != "" {
		return within(homes(env, "OPENCODE_DATA_DIR"), "storage", "session")
	}
	return within(shared(env), "opencode", "storage", "session")
}

// Open returns a decoder.
func (OpencodeFiles) Open(seg Segment) Decoder {
	return &opencodeFiles{rows: Opencode{}.Open(seg), written: map[string][]byte{}}
}

// opencodeFiles makes rows of files and lets the decoder of these do the rest.
type opencodeFiles struct {
	rows    Decoder
	written map[string][]byte // when messages were, by their id
}

// Decode decodes a file.
func (o *opencodeFiles) Decode(rec *eventlog.Record, full bool, emit func(*eventlog.Event)) error {
	if !jsonl.Valid(rec.Body) {
		return ErrNoEvent
	}
	text := func(path ...string) eventlog.Cell {
		v, _ := lookup(rec.Body, path...)
		if s := readable(v); s != "" {
			return eventlog.Cell{Type: eventlog.Text, Text: []byte(s)}
		}
		return eventlog.Cell{}
	}
	number := func(values ...[]byte) eventlog.Cell {
		if n, ok := jsonl.Int(first(values...)); ok {
			return eventlog.Cell{Type: eventlog.Integer, Int: n}
		}
		return eventlog.Cell{}
	}
	at := func(path ...string) []byte {
		v, _ := lookup(rec.Body, path...)
		return v
	}
	row := *rec
	row.Table += ocSession // the depth of a file is the table among those of its layout
	data := eventlog.Cell{Type: eventlog.Text, Text: rec.Body}
	switch row.Table {
	case ocSession:
		row.Cells = []eventlog.Cell{
			number(at("time", "created")), text("id"), text("parentID"), text("directory"), text("title"), text("version"), {}, {},
			number(at("time", "archived")), number(at("time", "updated")),
		}
	case ocMessage:
		created := at("time", "created")
		if id := readable(at("id")); len(o.written) < maxNames {
			o.written[id] = bytes.Clone(created)
		}
		row.Cells = []eventlog.Cell{number(created), text("id"), text("sessionID"), data}
	default:
		row.Cells = []eventlog.Cell{
			number(at("time", "start"), at("state", "time", "start"), o.written[readable(at("messageID"))]), text("id"), text("sessionID"), text("messageID"), data,
		}
	}
	return o.rows.Decode(&row, full, emit)
}
