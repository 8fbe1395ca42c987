package proxy

import (
	"cmp"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/capture/provider"
	"github.com/lazytrace/lazytrace/recorder/wire"
)

// exchange is one request and what became of it. Of headers it keeps the few
// that say who asks; those that prove it are never looked at.
type exchange struct {
	id      string
	to      *url.URL
	door    string // by which name it was asked for
	method  string
	api     provider.API
	model   string // of the path
	service string // whose answer it is, "" when it may be anybody's
	client  client
	packed  string // how the request is packed
	began   time.Time
	asked   body
	later   sync.Once // for handing the request over when it is complete
	handing sync.Mutex
	handed  bool // the request; under handing

	status       int
	requestID    string
	answerPacked string
	header       map[string]string // of the answer, when it is kept
	first, ended time.Time
	answer       body
	torn         bool        // the answer did not come to its end
	over         atomic.Bool // the answer was handed over
	fault        string      // there was none, and why

	question *question // the tracer's own
	kept     *keeping  // nil when it is not kept
}

// client is what a request says about who sent it.
type client struct {
	conversation string // the session, as the program calls it
	agent        string // the id of a sub-agent, or ""
	name         string // of the agent
	thread       string // of Codex: what its own log names a call by, besides its id
}

// job is a part of an exchange that is ready to be read.
type job struct {
	x        *exchange
	answered bool
	due      time.Time // not to be read before
}

func (j job) kind() eventlog.Kind {
	if j.answered {
		return eventlog.ModelResponse
	}
	return eventlog.ModelRequest
}

func (s *Server) exchange(r *http.Request, to *url.URL, door string) *exchange {
	now := time.Now()
	x := &exchange{
		id: wire.NewID(now), to: to, door: door, method: r.Method, began: now, service: serviceOf(to),
		packed: r.Header.Get("Content-Encoding"), client: clientOf(r.Header),
	}
	x.api, x.model = provider.Of(r.Method, to.Path)
	if x.service == "" && isLoopback(to.Hostname()) {
		x.service = vendors[x.api] // a stand-in of whom it speaks like
	}
	if s.keeper != nil {
		x.kept = &keeping{by: s.keeper}
		x.answer.timed = true
	}
	if x.api != provider.None || x.kept != nil {
		x.asked.room, x.answer.room = &s.room, &s.room
		x.asked.expected = int(min(max(r.ContentLength, 0), mostExpected))
	}
	return x
}

// head keeps what the head of the response tells.
func (x *exchange) head(res *http.Response) {
	x.status = res.StatusCode
	x.answerPacked = res.Header.Get("Content-Encoding")
	if x.kept != nil {
		x.header = map[string]string{}
		for _, name := range keptHeaders {
			if value := res.Header.Get(name); value != "" {
				x.header[name] = value
			}
		}
	}
	for _, name := range []string{"Request-Id", "X-Request-Id", "X-Goog-Request-Id"} {
		if id := res.Header.Get(name); id != "" {
			x.requestID = id
			return
		}
	}
}

// release gives the room of a copy back that nobody will read.
func (x *exchange) release(room *budget, answered bool) {
	b := &x.asked
	if answered {
		b = &x.answer
	}
	data, _ := b.take()
	room.give(len(data))
	x.kept.drop(true)
}

// clientOf reads the headers by which agents tell who they are.
func clientOf(h http.Header) (c client) {
	if id := h.Get("X-Claude-Code-Session-Id"); id != "" {
		return client{conversation: id, agent: h.Get("X-Claude-Code-Agent-Id")}
	}
	var turn struct {
		Session string `json:"session_id"`
		Thread  string `json:"thread_id"`
		Name    string `json:"agent_name"`
	}
	if text := h.Get("X-Codex-Turn-Metadata"); text != "" {
		_ = json.Unmarshal([]byte(text), &turn) // what it does not tell the other headers may
	}
	c.thread = cmp.Or(h.Get("Thread-Id"), turn.Thread, h.Get("Conversation_id"))
	c.conversation = cmp.Or(h.Get("Session-Id"), turn.Session, h.Get("Session_id"), c.thread)
	if c.thread != "" && c.thread != c.conversation {
		c.agent, c.name = c.thread, turn.Name
	}
	return c
}

// vendors are those whose words an API uses.
var vendors = map[provider.API]string{
	provider.Messages: "anthropic", provider.Chat: "openai", provider.Responses: "openai", provider.Gemini: "google",
}

// services are the providers by the ends of their hosts' names.
var services = map[string]string{
	"anthropic.com": "anthropic", "openai.com": "openai", "chatgpt.com": "openai", "googleapis.com": "google",
	"openrouter.ai": "openrouter", "deepseek.com": "deepseek", "mistral.ai": "mistral", "groq.com": "groq", "x.ai": "xai",
}

// serviceOf tells whose host it is. Prices differ between providers of one
// model, so nobody's name is better than a wrong one.
func serviceOf(to *url.URL) string {
	host := to.Hostname()
	for end, name := range services {
		if host == end || strings.HasSuffix(host, "."+end) {
			return name
		}
	}
	return ""
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
