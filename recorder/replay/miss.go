package replay

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/lazytrace/lazytrace/recorder/capture/provider"
	"github.com/lazytrace/lazytrace/recorder/capture/proxy"
)

// miss is what becomes of a request that the record has no answer to.
func (p *Player) miss(w http.ResponseWriter, r *http.Request, a proxy.Asked, q *Request) bool {
	why := p.explain(r, a, q)
	p.missed(why)
	if p.opts.Pass {
		return false
	}
	fail(w, a.API, why)
	return true
}

// explain says what was asked and, as far as something is like it, where that differs.
// It quotes nothing of either.
func (p *Player) explain(r *http.Request, a proxy.Asked, q *Request) string {
	candidates, nth := p.record.near(q)
	what := a.Method + " " + a.Path
	if a.API != provider.None {
		what = fmt.Sprintf("call %d of %s", nth, q.Model)
	}
	if p.opts.Match == Sequence {
		return fmt.Sprintf("no recorded answer to %s: the record has no more of them", what)
	}
	asked := q.Body
	if p.opts.Match == Loose {
		asked = loosened(asked)
	}
	best, most, number := "", -1, 0
	for _, e := range candidates {
		x := e.Exchange
		if p.opts.Bodies(r.Context(), &x) != nil {
			continue
		}
		body, err := unpack(x.Request)
		if err != nil {
			continue
		}
		if p.opts.Match == Loose {
			body = loosened(body)
		}
		path, same := differs(asked, body)
		if path == "" {
			path = "the address"
		}
		if same > most {
			best, most, number = path, same, e.number
		}
	}
	if most < 0 {
		return fmt.Sprintf("no recorded answer to %s, nor anything like it", what)
	}
	return fmt.Sprintf("no recorded answer to %s; the nearest that was recorded is call %d, which differs first at %s", what, number, best)
}

// fail answers with an error in the words of the API, with a status after which no
// client tries again.
func fail(w http.ResponseWriter, api provider.API, why string) {
	const status, kind = http.StatusBadRequest, "invalid_request_error"
	why = "lazytrace replay: " + why
	var doc map[string]any
	switch api {
	case provider.Messages, provider.None:
		doc = map[string]any{"type": "error", "error": map[string]any{"type": kind, "message": why}}
	case provider.Gemini:
		doc = map[string]any{"error": map[string]any{"code": status, "message": why, "status": "INVALID_ARGUMENT"}}
	default:
		doc = map[string]any{"error": map[string]any{"message": why, "type": kind, "param": nil, "code": "not_recorded"}}
	}
	text, err := json.Marshal(doc)
	if err != nil {
		text = []byte("{}") // it is made of texts
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Should-Retry", "false")
	w.WriteHeader(status)
	_, _ = w.Write(text) // a client that has gone needs no answer
}
