package conversation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/lazytrace/lazytrace/eventlog/sqlite"
	"github.com/lazytrace/lazytrace/redact"
)

// ErrNotFound is returned for a conversation that is not there.
var ErrNotFound = errors.New("there is no such conversation")

// Store keeps conversations by the ids of their sessions. Whoever has another place
// for them implements it; its methods may be called from several goroutines.
type Store interface {
	// Save keeps the conversation in the place of what was kept by this id.
	Save(ctx context.Context, c *Conversation) error
	// Load returns what was saved last, or ErrNotFound.
	Load(ctx context.Context, sessionID string) (*Conversation, error)
	// Delete forgets a conversation, and reports whether there was one.
	Delete(ctx context.Context, sessionID string) (bool, error)
	// List returns the ids of all, the one that was saved last first.
	List(ctx context.Context) ([]string, error)
}

// Memory keeps conversations as long as the program runs. The zero Memory is empty.
type Memory struct {
	mu    sync.Mutex
	texts map[string][]byte
	order []string
}

// Save keeps a copy, which later changes of the conversation leave as it is.
func (m *Memory) Save(_ context.Context, c *Conversation) error {
	text, err := c.JSON()
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.texts == nil {
		m.texts = map[string][]byte{}
	}
	m.forget(c.SessionID)
	m.texts[c.SessionID] = text
	m.order = slices.Insert(m.order, 0, c.SessionID)
	return nil
}

func (m *Memory) forget(id string) bool {
	_, there := m.texts[id]
	delete(m.texts, id)
	m.order = slices.DeleteFunc(m.order, func(other string) bool { return other == id })
	return there
}

// Load returns a copy of what was saved last.
func (m *Memory) Load(_ context.Context, id string) (*Conversation, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	text, ok := m.texts[id]
	if !ok {
		return nil, fmt.Errorf("load conversation %s: %w", id, ErrNotFound)
	}
	return Parse(text)
}

// Delete forgets a conversation.
func (m *Memory) Delete(_ context.Context, id string) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.forget(id), nil
}

// List returns all ids.
func (m *Memory) List(context.Context) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.order), nil
}

// Options say how conversations are stored.
type Options struct {
	// Exact keeps the secrets in them: a program that must go on word for word
	// with what it was told. Without it they are masked like everything else that
	// is stored.
	Exact bool
}

// SQLite keeps conversations in a database of the Agent SDK's. Several programs, also
// ones in Python, may use it at once.
type SQLite struct {
	db   *sqlite.Conversations
	mask func([]byte) []byte
}

// Open opens the database at path, and makes it if need be, for its owner only. The
// caller closes it.
func Open(ctx context.Context, path string, opt Options) (*SQLite, error) {
	s := &SQLite{mask: func(text []byte) []byte { return text }}
	if !opt.Exact {
		red, err := redact.New(redact.Options{})
		if err != nil {
			return nil, err
		}
		s.mask = func(text []byte) []byte {
			clean, _ := red.JSON(text)
			return clean
		}
	}
	var err error
	s.db, err = sqlite.OpenConversations(ctx, path)
	return s, err
}

// Close closes the database.
func (s *SQLite) Close() error { return s.db.Close() }

// Save writes the conversation in the place of the one before it.
func (s *SQLite) Save(ctx context.Context, c *Conversation) error {
	text, err := c.JSON()
	if err != nil {
		return err
	}
	return s.db.Save(ctx, c.SessionID, s.mask(text))
}

// Load reads a conversation.
func (s *SQLite) Load(ctx context.Context, id string) (*Conversation, error) {
	text, ok, err := s.db.Load(ctx, id)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("load conversation %s: %w", id, ErrNotFound)
	}
	return Parse(text)
}

// Delete deletes a conversation.
func (s *SQLite) Delete(ctx context.Context, id string) (bool, error) { return s.db.Delete(ctx, id) }

// List returns all ids.
func (s *SQLite) List(ctx context.Context) ([]string, error) { return s.db.List(ctx) }
