package proxy

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/capture/provider"
)

// Asked is a request that somebody may answer in the provider's place.
type Asked struct {
	Door   string // the provider, as addresses of the proxy name it
	API    provider.API
	Model  string // of the path
	Method string
	Path   string // at the provider
	Alt    string // the member alt of the query
	Body   []byte // unpacked
}

// instead lets somebody else answer, and reports whether that is done. A browser is
// answered by nobody: its pages reach this machine too.
func (s *Server) instead(w http.ResponseWriter, r *http.Request, to *url.URL, door string) bool {
	if len(r.Header.Values("Origin")) > 0 {
		http.NotFound(w, r)
		return true
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, longest))
	if err != nil {
		http.Error(w, "lazytrace: the request could not be read: "+err.Error(), http.StatusRequestEntityTooLarge)
		return true
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	plain, err := unpacked(body, r.Header.Get("Content-Encoding"))
	if err != nil {
		plain = body // it is like no other request, which its answer will say
	}
	a := Asked{Door: door, Method: r.Method, Path: to.Path, Alt: to.Query().Get("alt"), Body: plain}
	a.API, a.Model = provider.Of(r.Method, to.Path)
	w.Header()["Content-Type"], w.Header()["Date"] = nil, nil
	if s.answer(w, r, a) {
		return true
	}
	s.passed.Add(1)
	return false
}

// Passed is how many requests went on to a provider although somebody else answers.
func (s *Server) Passed() int64 { return s.passed.Load() }

// Nowhere is a Sink for a proxy of which nothing is recorded.
type Nowhere struct{}

// Emit forgets an event.
func (Nowhere) Emit(context.Context, eventlog.Event) error { return nil }

// Dropped forgets how many there were.
func (Nowhere) Dropped(eventlog.Kind, int64) {}
