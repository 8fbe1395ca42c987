package scripted

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lazytrace/lazytrace/eventlog/pack"
)

// Server is a provider on the loopback. Two servers never give the same id.
type Server struct {
	URL string // without a path: http://127.0.0.1:PORT

	scripts Scripts
	name    string // in all ids
	http    *http.Server
	done    chan error

	mu      sync.Mutex
	entries []*Entry
	failed  map[string]int   // how often a turn has failed, by what asked for it
	asked   map[string]Asked // calls without a result, by id
}

// Serve starts a server of scripts, which must not change afterwards.
func Serve(scripts Scripts) (*Server, error) {
	var id [5]byte
	_, _ = rand.Read(id[:]) // it never fails
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen on the loopback: %w", err)
	}
	s := &Server{
		URL: "http://" + l.Addr().String(), scripts: scripts, name: hex.EncodeToString(id[:]),
		done: make(chan error, 1), failed: map[string]int{}, asked: map[string]Asked{},
	}
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	go func() { s.done <- s.http.Serve(l) }()
	return s, nil
}

// Close stops the server, after at most a second for what it is still answering.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = s.http.Close()
	}
	if serr := <-s.done; !errors.Is(serr, http.ErrServerClosed) {
		err = errors.Join(err, serr)
	}
	return err
}

const longest = 64 << 20

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	packed, err := io.ReadAll(http.MaxBytesReader(w, r.Body, longest))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	e := s.enter(r, packed)
	to := &out{w: w, sum: sha256.New()}
	defer func() { s.finish(e, to) }()
	wire := wire(e.Wire)
	if wire == none {
		other(to, r)
		return
	}
	var c *conversation
	body, err := unpack(packed, r.Header.Get("Content-Encoding"))
	if err == nil {
		c, err = wire.read(r, body)
	}
	w.Header().Set(wire.requestHeader(), e.RequestID)
	if err != nil {
		to.json(http.StatusBadRequest, wire.failure(http.StatusBadRequest, wire.kindOf(http.StatusBadRequest), e.RequestID))
		return
	}
	a, fault := s.plan(e, c)
	if fault != nil && fault.Status != 0 {
		if fault.RetryAfter != "" {
			w.Header().Set("Retry-After", fault.RetryAfter)
		}
		to.json(fault.Status, wire.failure(fault.Status, e.Fault, e.RequestID))
		return
	}
	to.gzip(a.Gzip && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip"))
	if c.stream {
		to.stream(a, fault, r.URL.Query().Get("alt") == "sse" || wire != gemini)
		return
	}
	to.whole(a, fault)
}

// other answers what calls no model.
func other(to *out, r *http.Request) {
	switch {
	case strings.HasSuffix(r.URL.Path, "/count_tokens"):
		to.json(http.StatusOK, object{"input_tokens": 1000})
	case strings.HasSuffix(r.URL.Path, ":countTokens"):
		to.json(http.StatusOK, object{"totalTokens": 1000})
	case r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/models"):
		to.json(http.StatusOK, object{"object": "list", "data": []object{}, "models": []object{}})
	case r.Method == http.MethodPost, r.Method == http.MethodHead:
		to.json(http.StatusOK, object{})
	default:
		to.json(http.StatusNotFound, object{"error": object{"type": "not_found_error", "message": "there is no such thing here"}})
	}
}

// unpack undoes the packing of a request.
func unpack(body []byte, encoding string) ([]byte, error) {
	kinds := map[string]pack.Kind{"gzip": pack.Gzip, "zstd": pack.Zstd}
	kind, ok := kinds[encoding]
	if !ok {
		return body, nil
	}
	r, err := pack.Reader(strings.NewReader(string(body)), kind, int64(len(body)))
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }() // it was read only
	return io.ReadAll(io.LimitReader(r, longest))
}

// enter begins an entry of the ledger.
func (s *Server) enter(r *http.Request, body []byte) *Entry {
	sum := sha256.Sum256(body)
	e := &Entry{
		Method: r.Method, Path: r.URL.Path, Wire: string(wireOf(r.Method, r.URL.Path)), Who: whoOf(r.Header),
		Bytes: Exchanged{Asked: int64(len(body)), AskedSHA256: hex.EncodeToString(sum[:])},
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entries = append(s.entries, e)
	e.Serial = len(s.entries)
	if e.Wire != "" {
		e.RequestID = fmt.Sprintf("req_%s_%d", s.name, e.Serial)
	}
	return e
}

func (s *Server) finish(e *Entry, to *out) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.Status = to.status // it is what was planned, if it was
	e.Bytes.Answer, e.Bytes.AnswerSHA256 = to.n, hex.EncodeToString(to.sum.Sum(nil))
}

// whoOf reads the headers by which agents say who they are.
func whoOf(h http.Header) (w Who) {
	if w.Session = h.Get("X-Claude-Code-Session-Id"); w.Session != "" {
		w.Agent = h.Get("X-Claude-Code-Agent-Id")
		return w
	}
	w.Session, w.Thread = h.Get("Session-Id"), h.Get("Thread-Id")
	if w.Thread != w.Session {
		w.Agent = w.Thread
	}
	return w
}

// plan says what a request gets, and enters it into the ledger.
func (s *Server) plan(e *Entry, c *conversation) (*answer, *Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, name, n := s.scripts.turn(c)
	e.Status = http.StatusOK // known before the client can ask what it was
	e.Model, e.Stream, e.Tools, e.Script, e.Turn = c.model, c.stream, c.tools, name, n
	s.results(e, c)
	fault := s.fault(e, t.Fault)
	if fault != nil {
		e.Fault = fault.Type
		if e.Fault == "" {
			e.Fault = wire(e.Wire).kindOf(fault.Status)
		}
		if fault.Status != 0 {
			e.Status = fault.Status
			return nil, fault
		}
		if fault.Torn || !c.stream {
			e.Fault = Torn
		}
	}
	a := s.answer(e, c, t)
	e.ResponseID = a.id
	switch {
	case fault == nil:
		e.Calls, e.Usage = a.calls, a.usage
		for _, call := range a.calls {
			s.asked[call.ID] = call
		}
		if e.Wire == string(chat) && c.stream && !c.counted {
			e.Usage = Usage{} // it is told to who asks only
		}
	case c.stream:
		e.Usage = a.told()
	}
	return a, fault
}

// results enters what tools gave to calls of ours, once: requests repeat the
// whole conversation. Where the client names the tool only, it is the oldest call.
func (s *Server) results(e *Entry, c *conversation) {
	for _, r := range c.results {
		call, open := s.asked[r.id]
		if !open {
			continue
		}
		delete(s.asked, call.ID)
		e.Results = append(e.Results, Given{ID: call.ID, Name: call.Name, Failed: r.failed || call.Fails})
	}
}

// fault returns how the request fails, nil when it does not or no longer does.
func (s *Server) fault(e *Entry, f *Fault) *Fault {
	if f == nil {
		return nil
	}
	key := fmt.Sprint(e.Script, e.Turn, e.Who.Agent)
	s.failed[key]++
	if f.Times >= 0 && s.failed[key] > max(f.Times, 1) {
		return nil
	}
	return f
}

// answer gives names and counts to a turn.
func (s *Server) answer(e *Entry, c *conversation, t Turn) *answer {
	w := wire(e.Wire)
	prefix := map[wire][2]string{messages: {"msg", "toolu"}, chat: {"chatcmpl", "call"}, responses: {"resp", "call"}, gemini: {"gem", "fn"}}[w]
	a := &answer{
		Turn: t, wire: w, model: c.model, counted: c.counted,
		id: fmt.Sprintf("%s_%s_%d", prefix[0], s.name, e.Serial), itemNames: fmt.Sprintf("%s_%d_", s.name, e.Serial),
	}
	for i, call := range t.Calls {
		a.calls = append(a.calls, Asked{ID: fmt.Sprintf("%s_%s_%d_%d", prefix[1], s.name, e.Serial, i+1), Name: call.Name, Fails: call.Fails})
	}
	a.usage = usageOf(e.Serial, t)
	if t.Usage != nil {
		a.usage = *t.Usage
	}
	switch w {
	case chat, responses:
		a.usage.CacheWrite1h = 0
	case gemini:
		a.usage.CacheWrite5m, a.usage.CacheWrite1h = 0, 0
	}
	return a
}

// usageOf returns counts that no two answers share, in any kind or any sum of
// a few, so that one that is missing or counted twice shows.
func usageOf(serial int, t Turn) Usage {
	n := int64(serial)
	u := Usage{Input: 1000 + 7*n*n, CacheRead: 20_000 + 31*n*n, CacheWrite5m: 300 + 3*n*n, CacheWrite1h: 500 + 5*n*n, Output: 200 + 11*n*n}
	if t.Thinking != "" {
		u.Reasoning = 50 + n*n
	}
	return u
}

// out is a response on its way.
type out struct {
	w      http.ResponseWriter
	status int
	n      int64
	sum    interface {
		io.Writer
		Sum([]byte) []byte
	}
	packer packer
}

func (o *out) write(p []byte) {
	o.n += int64(len(p))
	_, _ = o.sum.Write(p)
	_, _ = o.w.Write(p) // a client that has gone shows in its own log
}

func (o *out) head(status int, kind string) {
	o.status = status
	o.w.Header().Set("Content-Type", kind)
	o.w.WriteHeader(status)
}

func (o *out) json(status int, doc any) {
	o.head(status, "application/json")
	o.write(encode(doc))
}

// encode returns a document as JSON: what this package makes of literals and of
// what came from JSON always is.
func encode(doc any) []byte {
	text, err := json.Marshal(doc)
	if err != nil {
		panic(err)
	}
	return text
}

// whole sends an answer in one piece. One that fails without a status breaks
// off in the middle.
func (o *out) whole(a *answer, f *Fault) {
	text := encode(a.document())
	if f != nil {
		o.w.Header().Set("Content-Length", fmt.Sprint(len(text)))
		text = text[:len(text)/2]
	}
	text = o.packer.all(text)
	o.head(http.StatusOK, "application/json")
	o.write(text)
	if f != nil {
		o.abort()
	}
}

// stream sends an answer in events, or, as Gemini does when nobody asks for
// events, as a list.
func (o *out) stream(a *answer, f *Fault, events bool) {
	kind := "text/event-stream"
	if !events {
		kind = "application/json"
	}
	o.head(http.StatusOK, kind)
	list := a.events()
	if f != nil {
		list = list[:(len(list)+1)/2]
		if !f.Torn {
			list = append(list, a.broken(f))
		}
	}
	for i, e := range list {
		o.write(o.packer.piece(spell(e, events, i, i == len(list)-1 && f == nil)))
		_ = http.NewResponseController(o.w).Flush()
	}
	if f != nil && f.Torn {
		o.abort()
	}
	o.write(o.packer.end())
}

// spell returns the text of an event.
func spell(e event, events bool, i int, last bool) []byte {
	data := []byte(rawOf(e.data)) // the end of a stream of Chat Completions is no JSON
	if data == nil {
		data = encode(e.data)
	}
	if events {
		var name string
		if e.name != "" {
			name = "event: " + e.name + "\n"
		}
		return slices.Concat([]byte(name+"data: "), data, []byte("\n\n"))
	}
	open, end := ",\n", ""
	if i == 0 {
		open = "["
	}
	if last {
		end = "]"
	}
	return slices.Concat([]byte(open), data, []byte(end))
}

// broken returns the event by which a stream says that it fails.
func (a *answer) broken(f *Fault) event {
	kind := f.Type
	if kind == "" {
		kind = a.wire.kindOf(0)
	}
	switch a.wire {
	case messages:
		return event{"error", a.wire.failure(0, kind, "")}
	case responses:
		failed := a.response("failed")
		failed["error"] = object{"code": kind, "message": "The script says that this fails."}
		return event{"response.failed", object{"type": "response.failed", "response": failed}}
	}
	return event{"", a.wire.failure(http.StatusServiceUnavailable, kind, "")}
}

// abort breaks the connection off, once what was written has left.
func (o *out) abort() {
	_ = http.NewResponseController(o.w).Flush()
	panic(http.ErrAbortHandler)
}
