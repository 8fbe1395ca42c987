// Package mcp serves tools to agents by the Model Context Protocol, over standard
// input and output. Of the official SDK it uses the messages (package jsonrpc): the
// rest of it serves HTTP, signs in and infers schemas, and would cost every start of
// the program some two milliseconds. The tests talk to it with the SDK's client.
//
// It knows no logs: what the tools do is told by whoever adds them.
package mcp

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
)

// versions are the revisions of the protocol that are spoken, newest first.
var versions = []string{"2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"}

// structuredSince is the revision from which on answers may be structured.
const structuredSince = "2025-06-18"

// longestLine is the longest message that is taken.
const longestLine = 4 << 20

// atOnce is how many calls are answered at a time.
const atOnce = 2

// Server offers tools. Add them before Serve.
type Server struct {
	Name, Version string
	Instructions  string // what a reader is told before anything else
	TextOnly      bool   // answers are spelled as text, for clients that read nothing else

	tools []*Tool

	mu       sync.Mutex
	out      io.Writer
	failed   error // of writing
	version  string
	underWay map[any]context.CancelFunc
}

// Add adds a tool.
func (s *Server) Add(t *Tool) { s.tools = append(s.tools, t) }

// Tools returns the tools in the order in which they were added.
func (s *Server) Tools() []*Tool { return s.tools }

// Serve answers what comes in until it ends, and what was asked by then.
func (s *Server) Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.out, s.underWay = out, map[any]context.CancelFunc{}
	var calls sync.WaitGroup
	room := make(chan struct{}, atOnce)
	lines, ended := make(chan []byte), make(chan error, 1)
	go func() { ended <- readLines(ctx, in, lines) }()
	for {
		select {
		case <-ctx.Done():
			calls.Wait()
			return s.trouble()
		case err := <-ended:
			calls.Wait()
			return errors.Join(err, s.trouble())
		case line := <-lines:
			for _, message := range messages(line) {
				s.take(ctx, message, &calls, room)
			}
			if s.trouble() != nil { // nobody reads any more
				cancel()
			}
		}
	}
}

// readLines gives the lines of a reader to a channel. Of a line that is too long
// nothing but its beginning is given, which nobody can read.
func readLines(ctx context.Context, in io.Reader, lines chan<- []byte) error {
	r := bufio.NewReaderSize(in, 64<<10)
	for {
		var line []byte
		for {
			piece, err := r.ReadSlice('\n')
			if len(line) < longestLine {
				line = append(line, piece...)
			}
			if errors.Is(err, bufio.ErrBufferFull) {
				continue
			}
			if line = bytes.TrimSpace(line); len(line) > 0 {
				select {
				case lines <- line:
				case <-ctx.Done():
					return nil
				}
			}
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return fmt.Errorf("read standard input: %w", err)
			}
			break
		}
	}
}

// messages takes a batch apart, which one revision of the protocol has.
func messages(line []byte) []json.RawMessage {
	if line[0] == '[' {
		var batch []json.RawMessage
		if json.Unmarshal(line, &batch) == nil {
			return batch
		}
	}
	return []json.RawMessage{line}
}

func (s *Server) take(ctx context.Context, line []byte, calls *sync.WaitGroup, room chan struct{}) {
	message, err := jsonrpc.DecodeMessage(line)
	if err != nil {
		s.send(map[string]any{"jsonrpc": "2.0", "id": nil, "error": &jsonrpc.Error{Code: jsonrpc.CodeParseError, Message: "this is no JSON-RPC message on one line of at most 4 MiB"}})
		return
	}
	r, ok := message.(*jsonrpc.Request)
	if !ok {
		return // nothing is asked of the client, so it has nothing to answer
	}
	if !r.ID.IsValid() {
		s.notice(r)
		return
	}
	if r.Method != "tools/call" {
		result, err := s.answer(r)
		s.reply(r.ID, result, err)
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	s.mu.Lock()
	s.underWay[r.ID.Raw()] = cancel
	s.mu.Unlock()
	calls.Go(func() {
		defer func() {
			s.mu.Lock()
			delete(s.underWay, r.ID.Raw())
			s.mu.Unlock()
			cancel()
		}()
		select {
		case room <- struct{}{}:
			defer func() { <-room }()
		case <-ctx.Done():
			return
		}
		result, err := s.call(ctx, r.Params)
		if ctx.Err() == nil { // nobody waits for what was called off
			s.reply(r.ID, result, err)
		}
	})
}

// notice takes what needs no answer.
func (s *Server) notice(r *jsonrpc.Request) {
	var p struct {
		ID any `json:"requestId"`
	}
	if r.Method != "notifications/cancelled" || json.Unmarshal(r.Params, &p) != nil {
		return
	}
	id, err := jsonrpc.MakeID(p.ID)
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if cancel := s.underWay[id.Raw()]; cancel != nil {
		cancel()
	}
}

func (s *Server) answer(r *jsonrpc.Request) (any, error) {
	switch r.Method {
	case "initialize":
		var p struct {
			Version string `json:"protocolVersion"`
		}
		if err := json.Unmarshal(r.Params, &p); err != nil {
			return nil, &jsonrpc.Error{Code: jsonrpc.CodeInvalidParams, Message: "initialize: its parameters are no object with protocolVersion"}
		}
		version := versions[0]
		if slices.Contains(versions, p.Version) {
			version = p.Version
		}
		s.mu.Lock()
		s.version = version
		s.mu.Unlock()
		return map[string]any{
			"protocolVersion": version, "capabilities": map[string]any{"tools": map[string]any{}},
			"serverInfo": map[string]any{"name": s.Name, "version": s.Version}, "instructions": s.Instructions,
		}, nil
	case "ping":
		return map[string]any{}, nil
	case "tools/list":
		list := []map[string]any{}
		for _, t := range s.tools {
			list = append(list, t.Spelled())
		}
		return map[string]any{"tools": list}, nil
	}
	return nil, &jsonrpc.Error{Code: jsonrpc.CodeMethodNotFound, Message: fmt.Sprintf("%q is not served here; there are initialize, ping, tools/list and tools/call", r.Method)}
}

func (s *Server) call(ctx context.Context, params json.RawMessage) (any, error) {
	var p struct {
		Name      string          `json:"name"`
		Arguments json.RawMessage `json:"arguments"`
	}
	if err := json.Unmarshal(params, &p); err != nil {
		return nil, &jsonrpc.Error{Code: jsonrpc.CodeInvalidParams, Message: "tools/call: its parameters are no object with name and arguments"}
	}
	i := slices.IndexFunc(s.tools, func(t *Tool) bool { return t.Name == p.Name })
	if i < 0 {
		return nil, &jsonrpc.Error{Code: jsonrpc.CodeInvalidParams, Message: fmt.Sprintf("there is no tool %q; tools/list names them", p.Name)}
	}
	a, err := s.tools[i].call(ctx, p.Arguments)
	if err != nil {
		return map[string]any{"isError": true, "content": []any{text(oneLine(err))}}, nil
	}
	s.mu.Lock()
	plain := s.TextOnly || s.version != "" && s.version < structuredSince
	s.mu.Unlock()
	if plain {
		return map[string]any{"content": []any{text(a.text), text(string(a.structured))}}, nil
	}
	return map[string]any{"content": []any{text(a.text)}, "structuredContent": a.structured}, nil
}

func text(s string) map[string]any { return map[string]any{"type": "text", "text": s} }

func (s *Server) reply(id jsonrpc.ID, result any, err error) {
	m := map[string]any{"jsonrpc": "2.0", "id": id.Raw()}
	if err != nil {
		var known *jsonrpc.Error
		if !errors.As(err, &known) {
			known = &jsonrpc.Error{Code: jsonrpc.CodeInternalError, Message: oneLine(err)}
		}
		m["error"] = known
	} else {
		m["result"] = result
	}
	s.send(m)
}

// send writes a message on a line of its own.
func (s *Server) send(m map[string]any) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(m)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil && s.failed == nil {
		_, err = s.out.Write(b.Bytes())
	}
	if err != nil {
		s.failed = fmt.Errorf("write an answer: %w", err)
	}
}

func (s *Server) trouble() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}
