package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// answer is what the scripted model says to one request.
type answer struct {
	Text  string        `json:"text"`
	Calls []call        `json:"calls,omitempty"`
	Usage usage         `json:"usage"`
	Think time.Duration `json:"-"` // how long it takes at full pace
}

type call struct {
	Tool  string            `json:"tool"`
	Input map[string]string `json:"input"`
}

type usage struct {
	Input     int64   `json:"input_tokens"`
	Output    int64   `json:"output_tokens"`
	CacheRead int64   `json:"cache_read_tokens"`
	Cost      float64 `json:"cost_usd"`
}

const (
	large = "scripted-large"
	small = "scripted-small"
)

// script is what the model answers, by agent and turn.
var script = map[string][]answer{
	"main": {
		{"I will run the tests first, to see the failure.", []call{{"run_tests", nil}}, usage{2_100, 38, 0, 0.0069}, 1400 * time.Millisecond},
		{"One test fails: the cart is charged twice. An explorer looks for the callers while a reviewer reads the cart.", []call{
			{"explore", map[string]string{"task": "find who calls charge"}},
			{"review", map[string]string{"task": "review cart.sh"}},
		}, usage{310, 96, 2_100, 0.003}, 1900 * time.Millisecond},
		{"Both found the same: the second tab takes the lock again. I will make charge idempotent.", []call{
			{"edit_file", map[string]string{"path": "cart.sh", "old": "charges=$((charges + 1))", "new": "charges=1"}},
		}, usage{940, 122, 2_410, 0.0054}, 1600 * time.Millisecond},
		{"Now the tests again.", []call{{"run_tests", nil}}, usage{180, 24, 3_350, 0.0019}, 900 * time.Millisecond},
		{"Fixed: charging twice now charges once. The test passes.", nil, usage{210, 41, 3_530, 0.0023}, 900 * time.Millisecond},
	},
	"explore": {
		{"", []call{{"list_files", nil}, {"read_file", map[string]string{"path": "test.sh"}}}, usage{620, 44, 0, 0.0008}, 1100 * time.Millisecond},
		{"", []call{{"search", map[string]string{"text": "charge"}}, {"read_file", map[string]string{"path": "cart.sh"}}}, usage{260, 51, 620, 0.0006}, 1200 * time.Millisecond},
		{"charge is called by two tabs in test.sh, and nowhere else.", nil, usage{190, 35, 880, 0.0005}, 800 * time.Millisecond},
	},
	"review": {
		{"", []call{{"read_file", map[string]string{"path": "cart.sh"}}}, usage{540, 29, 0, 0.0007}, 1300 * time.Millisecond},
		{"charge adds one on every call; it has to remember that it has charged.", nil, usage{230, 47, 540, 0.0005}, 1500 * time.Millisecond},
	},
}

// modelOf returns the model that an agent asks.
func modelOf(agent string) string {
	if agent == "main" {
		return large
	}
	return small
}

// Model is the scripted model's endpoint on loopback.
type Model struct {
	URL    string
	server *http.Server
	pace   float64
	done   chan error

	mu     sync.Mutex
	failed bool // the one request that is refused has been
}

// Serve starts the endpoint. Pace scales how long it thinks.
func Serve(pace float64) (*Model, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen on loopback: %w", err)
	}
	m := &Model{URL: "http://" + l.Addr().String(), pace: pace, done: make(chan error, 1)}
	m.server = &http.Server{Handler: http.HandlerFunc(m.answer), ReadHeaderTimeout: 5 * time.Second}
	go func() { m.done <- m.server.Serve(l) }()
	return m, nil
}

// Close stops the endpoint.
func (m *Model) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err := m.server.Shutdown(ctx)
	if serr := <-m.done; !errors.Is(serr, http.ErrServerClosed) {
		err = errors.Join(err, serr)
	}
	return err
}

// request is what an agent asks.
type request struct {
	Agent string `json:"agent"`
	Turn  int    `json:"turn"`
}

func (m *Model) answer(w http.ResponseWriter, r *http.Request) {
	var q request
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&q); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	turns := script[q.Agent]
	if q.Turn < 0 || q.Turn >= len(turns) {
		http.Error(w, "the script has no such turn", http.StatusNotFound)
		return
	}
	if q.Agent == "main" && q.Turn == 1 && m.refuse() {
		http.Error(w, "Overloaded", 529)
		return
	}
	a := turns[q.Turn]
	select {
	case <-time.After(time.Duration(float64(a.Think) * m.pace)):
	case <-r.Context().Done():
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(a) // the agent sees what is missing
}

// refuse reports true once: models are overloaded now and then.
func (m *Model) refuse() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	first := !m.failed
	m.failed = true
	return first
}
