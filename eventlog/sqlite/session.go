package sqlite

import (
	"context"
	"encoding/json"
	"math"

	"github.com/lazytrace/lazytrace/eventlog"
)

// putSession keeps the first name, goal and start of a session and the last of
// everything else, the way eventlog.Facts asks. A fact that is not told leaves
// the one before it.
const putSession = `INSERT INTO lt_sessions (
    id, parent_session_id, fork_of, name, title, goal, agent, user, project, directory, branch, environment,
    conversation_id, experiment, variant, version, host, command, started, ended, heartbeat, closed, outcome,
    failure_reason, summary, recorded_cost_nano, metadata, metrics, tags)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, coalesce(?29, '[]'))
ON CONFLICT (id) DO UPDATE SET
    parent_session_id = coalesce(excluded.parent_session_id, parent_session_id),
    fork_of = coalesce(excluded.fork_of, fork_of),
    name = coalesce(name, excluded.name),
    title = coalesce(excluded.title, title),
    goal = coalesce(goal, excluded.goal),
    agent = coalesce(excluded.agent, agent),
    user = coalesce(excluded.user, user),
    project = coalesce(excluded.project, project),
    directory = coalesce(excluded.directory, directory),
    branch = coalesce(excluded.branch, branch),
    environment = coalesce(excluded.environment, environment),
    conversation_id = coalesce(excluded.conversation_id, conversation_id),
    experiment = coalesce(excluded.experiment, experiment),
    variant = coalesce(excluded.variant, variant),
    version = coalesce(excluded.version, version),
    host = coalesce(excluded.host, host),
    command = coalesce(excluded.command, command),
    started = coalesce(started, excluded.started),
    ended = coalesce(excluded.ended, ended),
    heartbeat = max(coalesce(excluded.heartbeat, heartbeat), coalesce(heartbeat, excluded.heartbeat)),
    closed = max(excluded.closed, closed),
    outcome = coalesce(excluded.outcome, outcome),
    failure_reason = coalesce(excluded.failure_reason, failure_reason),
    summary = coalesce(excluded.summary, summary),
    recorded_cost_nano = coalesce(excluded.recorded_cost_nano, recorded_cost_nano),
    metadata = json_patch(metadata, excluded.metadata),
    metrics = json_patch(metrics, excluded.metrics),
    tags = coalesce(?29, tags)`

// PutSession stores facts about a session and the last sign of life of its
// recorder. Facts that are empty leave what is stored; metadata and metrics
// are merged by key. Counts of dropped events go through Count.
func (s *Store) PutSession(ctx context.Context, id string, f eventlog.Facts, heartbeat eventlog.Stamp) error {
	var cost, outcome, tags any
	if f.RecordedKnown {
		cost = int64(f.Recorded)
	}
	if f.Outcome != eventlog.OutcomeUnknown {
		outcome = f.Outcome.String()
	}
	if len(f.Tags) > 0 {
		tags = encode(f.Tags)
	}
	metrics := make(map[string]float64, len(f.Metrics))
	for name, value := range f.Metrics {
		if !math.IsNaN(value) && !math.IsInf(value, 0) { // JSON has no spelling for these
			metrics[name] = value
		}
	}
	metadata := f.Metadata
	if metadata == nil {
		metadata = map[string]string{}
	}
	return s.write(ctx, "write session to", func(ctx context.Context) error {
		if err := s.putRecorder(ctx, id, f); err != nil {
			return err
		}
		_, err := s.conn.ExecContext(ctx, putSession,
			text(id), orNull(f.ParentID), orNull(f.ForkOf), orNull(f.Name), orNull(f.Title), orNull(f.Goal),
			orNull(f.Agent), orNull(f.User), orNull(f.Project), orNull(f.Directory), orNull(f.Branch),
			orNull(f.Environment), orNull(f.Conversation), orNull(f.Experiment), orNull(f.Variant),
			orNull(f.Version), orNull(f.Host), orNull(f.Command), secondsOrNull(f.Started),
			secondsOrNull(f.Ended), secondsOrNull(heartbeat), f.Closed, outcome, orNull(f.FailureReason),
			orNull(f.Summary), cost, encode(metadata), encode(metrics), tags)
		return err
	})
}

// PutExit stores the exit code of the program that the session recorded.
func (s *Store) PutExit(ctx context.Context, id string, code int) error {
	return s.write(ctx, "write session to", func(ctx context.Context) error {
		_, err := s.conn.ExecContext(ctx, `INSERT INTO lt_sessions (id, exit_code) VALUES (?, ?)
ON CONFLICT (id) DO UPDATE SET exit_code = excluded.exit_code`, text(id), code)
		return err
	})
}

// Count adds to the numbers of events that a session lost: those for which
// there was no room, by kind, and those which could not be redacted. What was
// given to a call that failed may be given again.
func (s *Store) Count(ctx context.Context, id string, dropped map[eventlog.Kind]int64, redactDropped int64) error {
	var total int64
	for _, n := range dropped {
		total += n
	}
	if total == 0 && redactDropped == 0 {
		return nil
	}
	return s.write(ctx, "write counts to", func(ctx context.Context) error {
		for kind, n := range dropped {
			if n == 0 {
				continue
			}
			if _, err := s.conn.ExecContext(ctx, `INSERT INTO lt_drops (session_id, kind, dropped) VALUES (?, ?, ?)
ON CONFLICT (session_id, kind) DO UPDATE SET dropped = dropped + excluded.dropped`, text(id), kind.String(), n); err != nil {
				return err
			}
		}
		_, err := s.conn.ExecContext(ctx, `INSERT INTO lt_sessions (id, dropped, redact_dropped) VALUES (?, ?, ?)
ON CONFLICT (id) DO UPDATE SET dropped = dropped + excluded.dropped, redact_dropped = redact_dropped + excluded.redact_dropped`,
			text(id), total, redactDropped)
		return err
	})
}

// encode spells maps and lists of strings and finite numbers, which cannot fail.
func encode(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}
