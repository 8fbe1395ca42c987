package recorder

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/lazytrace/lazytrace/recorder/origin"
	"github.com/lazytrace/lazytrace/recorder/wire"
)

// Child begins a session below this one, and below the run that the context
// carries. It has a name, an outcome, metrics and sums of its own and shares
// everything else: queue, store, exporters. The options may only tell of the
// session; environment, experiment and variant are those of its parent when they
// are empty. The context that is returned carries the child.
func (s *Session) Child(ctx context.Context, o Options) (context.Context, *Session, error) {
	if s == nil {
		return ctx, nil, nil
	}
	if err := o.onlyTells(); err != nil {
		return ctx, nil, fmt.Errorf("new child session: %w", err)
	}
	o.Environment = cmp.Or(o.Environment, s.about.Environment)
	if o.Experiment == "" {
		o.Experiment, o.Variant = s.about.Experiment, cmp.Or(o.Variant, s.about.Variant)
	}
	about := o.about()
	about.Parent, about.Root, about.Unsafe = s.id, cmp.Or(s.about.Root, s.id), s.about.Unsafe
	if run := RunFromContext(ctx); run != nil && run.session == s {
		about.ParentRun = run.id
	}
	c := &Session{engine: s.engine, about: about, id: cmp.Or(o.ID, wire.NewID(about.Started)), up: s}
	if s.ended() {
		return ctx, nil, fmt.Errorf("new child session: %w", ErrClosed)
	}
	if err := c.begin(); err != nil {
		return ctx, nil, fmt.Errorf("new child session: %w", err)
	}
	if !s.adopt(c) {
		return ctx, nil, fmt.Errorf("new child session: %w", errors.Join(ErrClosed, c.Close()))
	}
	return NewContext(ctx, c), c, nil
}

// adopt has the child closed with its parent, unless that has happened.
func (s *Session) adopt(c *Session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.children = append(s.children, c)
	}
	return !s.closed
}

// Environ returns the environment for a program that is started on behalf of the
// run that the context carries: a recorder in it, such as lazytrace run or a
// session of this package, becomes a child of this session, below the run, in
// the same store unless that is in memory.
func (s *Session) Environ(ctx context.Context) []string {
	env := os.Environ()
	if s == nil {
		return env
	}
	run := ""
	if r := RunFromContext(ctx); r != nil && r.session == s {
		run = r.id
	}
	env = append(env, origin.EnvSession+"="+s.id, origin.EnvRun+"="+run, origin.EnvRoot+"="+cmp.Or(s.about.Root, s.id))
	if path := s.engine.history.store.Path(); path != "" {
		env = append(env, origin.EnvStore+"="+path)
	}
	return env
}
