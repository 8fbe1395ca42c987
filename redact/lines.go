package redact

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// record is a line of the --jsonl mode.
type record struct {
	ID     json.RawMessage `json:"id,omitempty"`
	Text   *string         `json:"text,omitempty"`
	Chunks []string        `json:"chunks,omitempty"`
}

// JSONLines reads {"id", "text"} or {"id", "text", "chunks"} objects, one a
// line, and writes each back with its text, or its chunks taken as a stream,
// redacted. Lines may be of any length; empty ones are skipped. What comes of a
// text goes through then, if that is not nil; chunks come back as one.
func JSONLines(r io.Reader, w io.Writer, red *Redactor, then func(string) (string, error)) error {
	in := bufio.NewReaderSize(r, 64<<10)
	out := bufio.NewWriterSize(w, 64<<10)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	for n := 1; ; n++ {
		line, err := in.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return errors.Join(fmt.Errorf("read line %d: %w", n, err), out.Flush())
		}
		if len(bytes.TrimSpace(line)) > 0 {
			if err := redactLine(line, enc, red, then); err != nil {
				return errors.Join(fmt.Errorf("redact line %d: %w", n, err), out.Flush())
			}
		}
		if err != nil {
			return out.Flush()
		}
		if in.Buffered() == 0 { // whoever writes the lines may wait for the answers
			if err := out.Flush(); err != nil {
				return err
			}
		}
	}
}

func redactLine(line []byte, enc *json.Encoder, red *Redactor, then func(string) (string, error)) error {
	var rec record
	if err := json.Unmarshal(line, &rec); err != nil {
		return err
	}
	if rec.Chunks != nil {
		rec.Text = nil
		st := red.Stream()
		for i, c := range rec.Chunks {
			rec.Chunks[i] = st.Write(c)
		}
		rest := st.Close()
		if n := len(rec.Chunks); n > 0 {
			rec.Chunks[n-1] += rest
		}
	} else if rec.Text != nil {
		t, _ := red.Text(*rec.Text)
		rec.Text = &t
	}
	if then == nil {
		return enc.Encode(rec)
	}
	text := strings.Join(rec.Chunks, "")
	if rec.Text != nil {
		text = *rec.Text
	}
	text, err := then(text)
	if err != nil {
		return err
	}
	if rec.Text != nil {
		rec.Text = &text
	} else if rec.Chunks != nil {
		rec.Chunks = []string{text}
	}
	return enc.Encode(rec)
}
