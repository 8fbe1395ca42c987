package demo

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"sync"
)

// Emitter sends events to the recorder, and waits for each until it is stored.
// Without a recorder it does nothing. It is safe for concurrent use.
type Emitter struct {
	mu   sync.Mutex
	conn net.Conn
	in   *bufio.Reader
}

// Dial connects to the recorder that the environment names.
func Dial() (*Emitter, error) {
	path := os.Getenv("LAZYTRACE_SOCKET")
	if path == "" {
		return &Emitter{}, nil
	}
	conn, err := net.Dial("unix", path)
	if err != nil {
		return nil, fmt.Errorf("connect to the recorder: %w", err)
	}
	return &Emitter{conn: conn, in: bufio.NewReader(conn)}, nil
}

// Emit sends one event. An agent must not fail because its recorder does.
func (e *Emitter) Emit(run, agent, kind string, payload map[string]any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.conn == nil {
		return
	}
	event := map[string]any{"run_id": run, "event_type": kind, "agent": agent, "payload": payload}
	if p, ok := payload["parent_run_id"]; ok {
		event["parent_run_id"] = p
	}
	line, err := json.Marshal(event)
	if err != nil {
		return
	}
	if _, err := e.conn.Write(append(line, '\n')); err == nil {
		_, err = e.in.ReadString('\n')
		if err == nil {
			return
		}
	}
	_ = e.conn.Close()
	e.conn = nil
}

// Close ends the connection.
func (e *Emitter) Close() {
	if e.conn != nil {
		_ = e.conn.Close()
	}
}
