package recorder

import "context"

type contextKey struct{}

// current is what a context carries.
type current struct {
	session *Session
	run     *Run
	call    string // the tool call that is under way in the run
}

func currentOf(ctx context.Context) current {
	c, _ := ctx.Value(contextKey{}).(current)
	return c
}

// NewContext returns a context that carries the session and no run. With a nil
// session nothing that is done under the context is recorded.
func NewContext(ctx context.Context, s *Session) context.Context {
	return context.WithValue(ctx, contextKey{}, current{session: s})
}

// FromContext returns the session that the context carries, or nil.
func FromContext(ctx context.Context) *Session { return currentOf(ctx).session }

// RunFromContext returns the run that the context carries, or nil.
func RunFromContext(ctx context.Context) *Run { return currentOf(ctx).run }

// StartRun is Session.Run for the session that the context carries. Without one
// it returns the context as it is and a nil run, which records nothing.
func StartRun(ctx context.Context, agent, task string) (context.Context, *Run) {
	return FromContext(ctx).Run(ctx, agent, task)
}
