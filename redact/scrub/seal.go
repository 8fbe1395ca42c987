package scrub

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"sync"
)

// Seal names secrets so that equal ones can be told to be equal, and nobody can tell
// from the name what they are: its key is made anew with each Seal and never leaves
// it, so that nobody can try values until one has the name.
type Seal struct{ key [32]byte }

// NewSeal returns a Seal with a key of its own.
func NewSeal() *Seal {
	s := &Seal{}
	_, _ = rand.Read(s.key[:]) // it never fails, see crypto/rand
	return s
}

// Name returns the name of a value.
func (s *Seal) Name(value string) string {
	h := hmac.New(sha256.New, s.key[:])
	_, _ = h.Write([]byte(value))
	return hex.EncodeToString(h.Sum(nil)[:6])
}

// issued is how tokens of many issuers begin. These few letters say whose it is, and
// nothing of what is secret of it.
var issued = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z]{2,5}[-_]`)
})

// Preview says of a secret whose it is, where it tells, and how long it is.
func Preview(kind, value string) string {
	head := ""
	if kind != "password" && kind != "private-key" && len(value) >= 20 {
		head = issued().FindString(value)
	}
	if len(value) == 1 {
		return "… (1 byte)"
	}
	return fmt.Sprintf("%s… (%d bytes)", head, len(value))
}

// mostSpellings is how deep a value may stand in strings in strings.
const mostSpellings = 5

// Plain returns a value as it is meant: without the escapes of the strings that it
// stands in.
func Plain(raw []byte) string {
	value := string(raw)
	for range mostSpellings {
		if !bytes.Contains([]byte(value), []byte(`\`)) {
			break
		}
		var once string
		if json.Unmarshal([]byte(`"`+value+`"`), &once) != nil || once == value {
			break
		}
		value = once
	}
	return value
}
