package replay

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strings"
	"sync"

	"github.com/lazytrace/lazytrace/recorder/capture/provider"
	"github.com/lazytrace/lazytrace/recorder/capture/proxy"
	"github.com/lazytrace/lazytrace/redact"
)

// Masker masks secrets. Both methods return how many they masked; a negative
// number says that they failed and that nothing they return may be used.
type Masker interface {
	JSON(raw []byte) ([]byte, int)
	Text(s string) (string, int)
}

// errMask is why something is not kept that a masker could not read.
var errMask = errors.New("it could not be masked")

// Request is what a request asks, as far as it tells one from another.
type Request struct {
	API    string
	Model  string
	Stream bool
	Where  string // what of its address matters
	Body   []byte // canonical: masked, members in order, without what differs each time
	Exact  string
}

// rules is a part of every hash: requests that were hashed by other rules are not
// the same by accident.
const rules = "lazytrace 1\n"

// Canonical brings a request into the form by which it is known again. How its
// client proves who it is, is no part of it: headers are not, and a key within the
// body is a mask like any other.
func Canonical(m Masker, a proxy.Asked) (q Request, err error) {
	q = Request{API: a.API.String(), Model: a.Model, Where: a.Method + " " + where(a)}
	if req, err := a.API.Request(a.Body); err == nil {
		if req.Model != "" {
			q.Model = req.Model
		}
		q.Stream = req.Stream || strings.Contains(a.Path, ":streamGenerateContent")
	}
	body, n := m.JSON(a.Body)
	if n < 0 {
		return q, errMask
	}
	if doc, ok := decode(body); ok {
		strip(doc, volatile)
		body = encode(doc)
	}
	q.Body = masks().ReplaceAll(body, []byte("[REDACTED]"))
	q.Exact = q.hash(q.Body)
	return q, nil
}

// Loose is the hash of what is left without what differs in each run of a program.
func (q *Request) Loose() string { return q.hash(loosened(q.Body)) }

func (q *Request) hash(body []byte) string {
	h := sha256.New()
	_, _ = io.WriteString(h, rules+q.Where+"\n") // a hash takes everything
	_, _ = h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}

// where is what of an address matters. A gateway may keep an API anywhere, so for
// those that are known it is their name; of a query it is the form of the answer,
// and never a key.
func where(a proxy.Asked) string {
	to := a.Path
	switch a.API {
	case provider.None:
	case provider.Gemini:
		to = a.API.String() + " " + a.Path[strings.LastIndexByte(a.Path, '/')+1:]
	default:
		to = a.API.String()
	}
	if a.Alt != "" {
		to += "?alt=" + a.Alt
	}
	return to
}

// masks are those of any kind: another key may be of another.
var masks = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\[REDACTED:[a-z0-9_-]+\]`)
})

// volatile are the members that say who asks or which request it is, and nothing of
// what is asked. Paths are from the top; Gemini's Code Assist puts a request into another.
var volatile = []string{
	"metadata.user_id", "user", "safety_identifier", "prompt_cache_key", "client_metadata", "request_id", "session_id",
	"user_prompt_id", "request.session_id", "request.user_prompt_id",
}

// wayward are those that matter to the answer, but little.
var wayward = []string{"metadata", "stream_options", "prompt_cache_retention", "service_tier"}

// decode reads JSON so that numbers stay as they are written.
func decode(body []byte) (any, bool) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var doc any
	if d.Decode(&doc) != nil || d.More() {
		return nil, false
	}
	return doc, true
}

// encode spells a document with its members in order.
func encode(doc any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(doc) // what was decoded always has a spelling
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// strip takes members out; what is empty then goes too.
func strip(doc any, paths []string) {
	for _, path := range paths {
		stripOne(doc, strings.Split(path, "."))
	}
}

func stripOne(doc any, path []string) {
	m, ok := doc.(map[string]any)
	if !ok {
		return
	}
	if len(path) == 1 {
		delete(m, path[0])
		return
	}
	stripOne(m[path[0]], path[1:])
	if inner, ok := m[path[0]].(map[string]any); ok && len(inner) == 0 {
		delete(m, path[0])
	}
}

// Usual masks secrets, as a recording does of which nothing else is said.
func Usual() Masker {
	r, err := redact.New(redact.Options{})
	if err != nil {
		panic(err) // it is without rules of a user's
	}
	return r
}
