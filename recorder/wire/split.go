package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Split cuts a text into the events that it holds, which Decode then reads: one
// object, an array of them, or one a line. What is wrong with one event is left
// to Decode. The parts point into the text, or into a repaired copy of it.
func Split(text []byte) ([]json.RawMessage, error) {
	text = bytes.TrimSpace(text)
	switch {
	case len(text) == 0:
		return nil, nil
	case text[0] == '{' && json.Valid(text):
		return []json.RawMessage{text}, nil
	case text[0] == '[':
		return array(text)
	}
	var parts []json.RawMessage
	for line := range bytes.Lines(text) {
		if line = bytes.TrimSpace(line); len(line) > 0 {
			parts = append(parts, line)
		}
	}
	return parts, nil
}

func array(text []byte) ([]json.RawMessage, error) {
	parts, ok := elements(text)
	if !ok {
		text = bytes.ToValidUTF8(text, []byte("\ufffd"))
		if parts, ok = elements(repair(text)); !ok {
			return nil, fmt.Errorf("%w: the array is not valid JSON", ErrNotEvent)
		}
	}
	return parts, nil
}

// elements cuts an array into its elements, and reports false for what is none.
func elements(text []byte) (parts []json.RawMessage, ok bool) {
	end := arrayEnd(text, 0, 1, func(value []byte) { parts = append(parts, value) })
	return parts, end == len(text)
}
