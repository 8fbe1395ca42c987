package eventlog

import "sync"

// Sym stands for a string that occurs often: a session, run, agent, model or
// tool name. The zero Sym is the empty string.
type Sym uint32

// Symbols is a table of strings that only grows. All logs and the catalog that
// are shown together share one. It is safe for concurrent use.
type Symbols struct {
	mu    sync.RWMutex
	ids   map[string]Sym
	names []string
}

// NewSymbols returns a table that holds only the empty string.
func NewSymbols() *Symbols {
	return &Symbols{ids: map[string]Sym{"": 0}, names: []string{""}}
}

// Intern returns the symbol of name, made now if need be.
func (s *Symbols) Intern(name string) Sym {
	s.mu.RLock()
	id, ok := s.ids[name]
	s.mu.RUnlock()
	if ok {
		return id
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if id, ok := s.ids[name]; ok {
		return id
	}
	id = Sym(len(s.names))
	s.ids[name] = id
	s.names = append(s.names, name)
	return id
}

// Find returns the symbol of name without making one.
func (s *Symbols) Find(name string) (Sym, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	id, ok := s.ids[name]
	return id, ok
}

// Name returns the string that a symbol stands for.
func (s *Symbols) Name(id Sym) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.names[id]
}

// Names returns the table as it is now, indexed by Sym. It must not be changed.
// Use it where Name would be called for every row.
func (s *Symbols) Names() []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.names
}

// recall interns the names of one goroutine. Records of one run come together and
// share their names, so that those of late are found without the lock of the table
// and without a hash over them.
type recall struct {
	syms   *Symbols
	recent *[32]recalled // nil until something is interned: most summaries that are kept never do
}

type recalled struct {
	name string
	sym  Sym
}

func (r *recall) intern(name string) Sym {
	n := len(name)
	if n == 0 {
		return 0
	}
	if r.recent == nil {
		r.recent = new([32]recalled)
	}
	at := &r.recent[(n+int(name[n/2])*3+int(name[n-1])*5)%len(r.recent)]
	if at.name != name {
		at.name, at.sym = name, r.syms.Intern(name)
	}
	return at.sym
}
