package recorder

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/lazytrace/lazytrace/recorder/wire"
)

// encode spells a value as JSON, and <, > and & as themselves: the reader is a
// person as often as a program.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// object spells a payload. The error completes "the payload".
func object(payload any) (json.RawMessage, error) {
	if payload == nil {
		return nil, nil
	}
	raw, err := encode(payload)
	switch {
	case err != nil:
		return nil, fmt.Errorf("cannot be spelled as JSON: %w", err)
	case string(raw) == "null":
		return nil, nil
	case raw[0] != '{':
		return nil, errors.New("is no JSON object")
	case len(raw) > maxPayload:
		return nil, fmt.Errorf("takes %d bytes, %d are allowed", len(raw), maxPayload)
	}
	return raw, nil
}

// value spells a part of a payload whose sender takes no error. What JSON cannot
// spell is told as Go prints it, what is too long by its size.
func value(v any) []byte {
	raw, err := encode(v)
	if err != nil {
		raw = wire.AppendString(nil, fmt.Sprint(v))
	}
	if len(raw) > maxPayload {
		raw = wire.AppendString(nil, fmt.Sprintf("(left out: %d bytes, %d are allowed)", len(raw), maxPayload))
	}
	return raw
}
