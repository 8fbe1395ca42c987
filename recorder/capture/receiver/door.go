package receiver

import (
	"crypto/subtle"
	"encoding/json"
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// refusal is an answer to a request that is not taken.
type refusal struct {
	status int
	why    string
	retry  bool // the same request may be taken later
}

func (r *refusal) Error() string { return r.why }

// media are the types of content that a path takes.
type media []string

var (
	eventMedia     = media{"application/json", "application/x-ndjson", "application/ndjson", "application/jsonl"}
	telemetryMedia = media{"application/json", protobufType}
)

const protobufType = "application/x-protobuf"

// admit decides whether a request may come in, by its header alone. A page in a
// browser of this machine reaches the loopback too: it is known by the headers
// that browsers set and pages cannot, by the name that it thinks it talks to
// (DNS rebinding), and it cannot send JSON to another origin without asking
// first, to which nobody here says yes.
func (s *Server) admit(r *http.Request) *refusal {
	switch {
	case !s.isHost(r.Host):
		return &refusal{status: http.StatusForbidden, why: "the Host is not the address of this receiver"}
	case len(r.Header.Values("Origin")) > 0, len(r.Header.Values("Sec-Fetch-Site")) > 0:
		return &refusal{status: http.StatusForbidden, why: "requests of browsers are not taken"}
	case !s.isToken(r.Header):
		return &refusal{status: http.StatusUnauthorized, why: "the token of this recording is expected: Authorization: Bearer TOKEN"}
	}
	return nil
}

// isHost reports whether a Host is one of our own names, with our port.
func (s *Server) isHost(host string) bool {
	return host == s.address.String() || strings.EqualFold(host, "localhost:"+strconv.Itoa(int(s.address.Port())))
}

func (s *Server) isToken(h http.Header) bool {
	given := h.Values("Authorization")
	if len(given) != 1 {
		return false
	}
	scheme, token, _ := strings.Cut(given[0], " ")
	same := subtle.ConstantTimeCompare([]byte(strings.TrimSpace(token)), []byte(s.token)) == 1
	return strings.EqualFold(scheme, "Bearer") && same
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if no := s.admit(r); no != nil {
		s.refuse(w, no)
		return
	}
	var answer func(http.ResponseWriter, *http.Request, string) *refusal
	var takes media
	switch path := r.URL.Path; {
	case s.opts.Events && path == "/v1/events":
		answer, takes = s.takeEvents, eventMedia
	case s.telemetry != nil && (path == "/v1/traces" || path == "/v1/logs" || path == "/v1/metrics"):
		answer, takes = s.takeTelemetry, telemetryMedia
	case s.telemetry != nil && path == "/":
		// Gemini CLI sends everything to the endpoint itself. Of JSON the key tells
		// what it is.
		answer, takes = s.takeTelemetry, telemetryMedia[:1]
	default:
		s.refuse(w, &refusal{status: http.StatusNotFound, why: "nothing is taken at this path"})
		return
	}
	if r.Method != http.MethodPost {
		h.Set("Allow", http.MethodPost)
		s.refuse(w, &refusal{status: http.StatusMethodNotAllowed, why: "only POST is taken"})
		return
	}
	kind, ok := takes.of(r.Header)
	if !ok {
		s.refuse(w, &refusal{status: http.StatusUnsupportedMediaType, why: "the Content-Type is not " + strings.Join(takes, " or ")})
		return
	}
	if no := answer(w, r, kind); no != nil {
		if path := r.URL.Path; path != "/v1/events" {
			refuseTelemetry(w, kind, no)
			return
		}
		s.refuse(w, no)
	}
}

// of returns which of the types the content is.
func (m media) of(h http.Header) (string, bool) {
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return "", false
	}
	if set, ok := params["charset"]; ok && !strings.EqualFold(set, "utf-8") {
		return "", false
	}
	for _, known := range m {
		if kind == known {
			return kind, true
		}
	}
	return "", false
}

func (s *Server) refuse(w http.ResponseWriter, no *refusal) {
	if no.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	no.header(w)
	writeJSON(w, no.status, struct {
		Error string `json:"error"`
	}{no.why})
}

// header sets what the sender has to know besides the status.
func (r *refusal) header(w http.ResponseWriter) {
	if r.retry {
		w.Header().Set("Retry-After", "1")
	}
	if r.status == http.StatusUnsupportedMediaType {
		w.Header().Set("Accept-Encoding", "gzip, deflate")
	}
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		status, text = http.StatusInternalServerError, nil // texts and numbers are always JSON
	}
	text = append(text, '\n')
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, _ = w.Write(text) // the sender may be gone; there is nobody to tell
}
