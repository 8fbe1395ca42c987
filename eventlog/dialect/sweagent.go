package dialect

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// SWEAgent reads the trajectories of SWE-agent, one document a run. See
// docs/format/swe-agent.md.
type SWEAgent struct{}

// Name returns the name of the format.
func (SWEAgent) Name() string { return "swe-agent" }

// The lists of a trajectory, as the numbers of their records. An object in the
// place of a list is one record of it.
const (
	sweRun = iota
	sweInfo
	sweStep
	sweHistory
	sweAttempt
	sweAttemptInfo
	sweAttemptStep
	sweAttemptHistory
)

var sweLists = []string{"info", "trajectory", "history", "attempts", "attempts/info", "attempts/trajectory", "attempts/history"}

// Sniff knows a trajectory by its first step, or by its first message when
// there are messages only.
func (SWEAgent) Sniff(h *Head) int {
	best := 0
	h.members(func(key, value []byte) {
		first := map[string]bool{}
		eachBegun(firstElement(value), func(key, _ []byte) { first[string(key)] = true })
		switch string(key) {
		case "trajectory":
			if first["action"] && (first["observation"] || first["response"] || first["thought"]) {
				best = max(best, 95)
			}
		case "attempts":
			if first["trajectory"] {
				best = max(best, 95)
			}
		case "history":
			if first["role"] && first["content"] {
				best = max(best, 60)
			}
		}
	})
	return best
}

// Lists cuts a trajectory at its steps and messages.
func (s SWEAgent) Lists(h *Head) ([]string, bool) { return sweLists, s.Sniff(h) > 0 }

// Tables asks for nothing: a trajectory is never a database.
func (SWEAgent) Tables() []eventlog.Table { return nil }

// Open returns a decoder.
func (SWEAgent) Open(seg Segment) Decoder {
	session := runName(seg.Path, ".traj")
	return &sweAgent{session: session, run: session, names: names{}}
}

// runName names a run after its file and the folder of its experiment: the same
// task is run by many, and its file is called the same in all of them.
func runName(path string, endings ...string) string {
	if whole, err := filepath.Abs(path); err == nil {
		path = whole // from wherever it is opened
	}
	path = filepath.ToSlash(path)
	for _, ending := range append([]string{".gz", ".zst", ".json"}, endings...) {
		path = strings.TrimSuffix(path, ending)
	}
	parts := strings.Split(strings.Trim(path, "/"), "/")
	name, above := parts[len(parts)-1], parts[:len(parts)-1]
	if n := len(above); n > 0 && above[n-1] == name {
		above = above[:n-1] // a folder for each task
	}
	if n := len(above); n > 0 && above[n-1] != "." && above[n-1] != ".." {
		return above[n-1] + "/" + name
	}
	return name
}

// sweAgent decodes one trajectory.
type sweAgent struct {
	session string
	run     string
	model   string
	names   names
	steps   bool // what was done stands in steps, and once more in messages
	tries   bool // there are several attempts, and once more the best of them
	called  bool // the task has been told
	e       eventlog.Event
	b       eventlog.Bill
}

// Decode decodes a part of a trajectory.
func (s *sweAgent) Decode(rec *eventlog.Record, full bool, emit func(*eventlog.Event)) error {
	for i, above := range rec.Above {
		table := sweRun
		if i > 0 {
			table = sweAttempt
		}
		s.open(table, 0, above)
	}
	s.e = eventlog.Event{SessionID: s.session, RunID: s.session, Agent: "swe-agent", Model: s.model}
	if rec.Table >= sweAttempt {
		s.e.RunID, s.e.Agent = s.run, ""
	}
	if s.tries && rec.Table < sweAttempt && rec.Table != sweRun && rec.Table != sweInfo {
		return s.again(rec, full, emit) // the best attempt, told a second time
	}
	switch rec.Table {
	case sweRun:
		return s.start(rec, full, emit)
	case sweAttempt:
		return s.attempt(rec, emit)
	case sweInfo, sweAttemptInfo:
		return s.info(rec, full, emit)
	case sweStep, sweAttemptStep:
		return s.step(rec, full, emit)
	case sweHistory, sweAttemptHistory:
		return s.message(rec, full, emit)
	}
	return ErrNoEvent
}

// open takes over what the parts tell that others stand in.
func (s *sweAgent) open(table, number int, body []byte) {
	var tries, steps []byte
	var config []byte
	_ = jsonl.Fields(body, func(key, value []byte) bool {
		switch string(key) {
		case "attempts":
			tries = value
		case "trajectory":
			steps = value
		case "replay_config":
			config = value
		}
		return true
	})
	s.steps = hasElements(steps)
	if table == sweAttempt {
		s.run = fmt.Sprintf("%s attempt %d", s.session, number+1)
	} else {
		s.tries = hasElements(tries)
		s.run = s.session
	}
	if config != nil && config[0] == '"' { // in some versions a text that holds it
		config = inputOf(config)
	}
	for _, path := range [][]string{{"agent", "model", "name"}, {"agent_configs", "model", "name"}} {
		if name, ok := lookup(config, path...); ok {
			s.model = s.names.text(name)
		}
	}
}

// hasElements reports whether a list that was cut out of a part has any.
func hasElements(list []byte) bool { return isArray(list) && string(list) != "[]" }

func (s *sweAgent) start(rec *eventlog.Record, full bool, emit func(*eventlog.Event)) error {
	var environment []byte
	if err := jsonl.Fields(rec.Body, func(key, value []byte) bool {
		if string(key) == "environment" {
			environment = value
		}
		return true
	}); err != nil {
		return err
	}
	s.open(sweRun, 0, rec.Body)
	e := &s.e
	e.Kind, e.Type, e.Model = eventlog.AgentStart, "trajectory", s.model
	e.Facts = &eventlog.Facts{Name: path.Base(s.session), Agent: "swe-agent", Environment: readable(environment)}
	if full {
		e.Payload = clone(rec.Body)
	}
	emit(e)
	return nil
}

func (s *sweAgent) attempt(rec *eventlog.Record, emit func(*eventlog.Event)) error {
	s.open(sweAttempt, int(rec.Pos), rec.Body)
	e := &s.e
	e.Kind, e.Type, e.RunID, e.ParentRunID, e.Link = eventlog.AgentStart, "attempt", s.run, s.session, eventlog.LinkSure
	e.Agent = fmt.Sprintf("attempt %d", rec.Pos+1)
	emit(e)
	return nil
}

// info decodes how a run has ended, and what all of its calls came to: counters
// that are for the whole run. Those of attempts are in those of the run.
func (s *sweAgent) info(rec *eventlog.Record, full bool, emit func(*eventlog.Event)) error {
	var exit, submission, stats []byte
	if err := jsonl.Fields(rec.Body, func(key, value []byte) bool {
		switch string(key) {
		case "exit_status":
			exit = value
		case "submission":
			submission = value
		case "model_stats":
			stats = value
		}
		return true
	}); err != nil {
		return err
	}
	end := s.e
	e := &s.e
	if rec.Table == sweInfo {
		s.b = sweBill(stats, s.session)
		e.Kind, e.Type, e.Again, e.CallID, e.Text = eventlog.ModelResponse, "model_stats", true, "model_stats", "all calls of the run"
		if s.b.Calls > 0 || s.b.Cost > 0 || s.b.Usage.Total() > 0 {
			e.Bill = &s.b
			if s.b.Cost > 0 {
				e.Facts = &eventlog.Facts{Recorded: s.b.Cost, RecordedKnown: true}
			}
		}
		e.Hidden = e.Bill == nil
		if full {
			e.Payload = clone(stats)
		}
		emit(e)
	}
	*e = end
	status := readable(exit)
	e.Kind, e.Type, e.Outcome = eventlog.AgentFinish, "info", sweOutcome(status)
	if status == "" {
		e.Kind, e.Hidden = eventlog.LoopStep, true // it has not ended, or does not say
	}
	if rec.Table == sweInfo {
		e.Facts = &eventlog.Facts{Outcome: e.Outcome}
	}
	e.Failed = e.Outcome == eventlog.Failure
	if full {
		e.Text = readable(submission)
		if status != "" {
			e.Details = []eventlog.Detail{{Name: "exit status", Value: status}}
		}
		if e.Failed {
			e.Message = status
		}
		e.Payload = clone(rec.Body)
	}
	emit(e)
	return nil
}

// sweBill reads the counters of a run. total_cost is that of the process, which
// may have run other tasks before.
func sweBill(stats []byte, session string) eventlog.Bill {
	b := eventlog.Bill{Call: eventlog.Identify("swe-agent", session), Rule: eventlog.RuleRecord}
	_ = fieldsOf(stats, func(key, value []byte) bool {
		switch string(key) {
		case "instance_cost":
			if m, ok := cost(value); ok && m > 0 {
				b.Cost, b.Source = m, eventlog.Recorded
			}
		case "tokens_sent":
			b.Usage.Input = count(value)
		case "tokens_received":
			b.Usage.Output = count(value)
		case "api_calls":
			b.Calls = count(value)
		}
		return true
	})
	return b
}

// sweOutcome reads how a run has ended: with something submitted, or not. When a
// limit was reached what there was may have been submitted all the same.
func sweOutcome(status string) eventlog.Outcome {
	status = strings.ToLower(status)
	switch {
	case status == "":
		return eventlog.OutcomeUnknown
	case strings.HasPrefix(status, "submitted"), status == "early_exit", status == "skipped":
		return eventlog.Success
	}
	return eventlog.Failure
}

// step decodes what the model said, what was done, and what came of it.
func (s *sweAgent) step(rec *eventlog.Record, full bool, emit func(*eventlog.Event)) error {
	var action, observation, response, thought, took, state []byte
	if err := jsonl.Fields(rec.Body, func(key, value []byte) bool {
		switch string(key) {
		case "action":
			action = value
		case "observation":
			observation = value
		case "response":
			response = value
		case "thought":
			thought = value
		case "execution_time":
			took = value
		case "state":
			state = value
		}
		return true
	}); err != nil {
		return err
	}
	base := s.e
	e := &s.e
	call := fmt.Sprintf("step %d", rec.Pos+1)
	e.Kind, e.Type, e.Again, e.CallID = eventlog.ModelResponse, "response", true, call
	if full {
		e.Text = readable(first(response, thought))
	}
	emit(e)
	*e = base
	command := readable(action)
	if strings.TrimSpace(command) == "" {
		e.Kind, e.Type, e.Tool = eventlog.Message, "observation", "system"
		if full {
			e.Text = readable(observation)
		}
		emit(e)
		return nil
	}
	e.Kind, e.Type, e.CallID, e.Tool = eventlog.ToolCall, "action", call, s.names.of([]byte(commandName(command)))
	tool := e.Tool
	if full {
		e.Input = clone(action)
		if dir, ok := lookup(state, "working_dir"); ok {
			e.Details = []eventlog.Detail{{Name: "directory", Value: readable(dir)}}
		}
	}
	emit(e)
	*e = base
	e.Kind, e.Type, e.CallID, e.Tool = eventlog.ToolResult, "observation", call, tool
	if full {
		e.Output, e.Text = clone(observation), readable(observation)
		if t := readable(took); t != "" {
			e.Details = []eventlog.Detail{{Name: "took s", Value: t}}
		}
	}
	emit(e)
	return nil
}

// commandName returns the program that a command runs, or bash.
func commandName(command string) string {
	const most = 32
	name, _, _ := strings.Cut(strings.TrimSpace(command), "\n")
	name, _, _ = strings.Cut(name, " ")
	name = name[strings.LastIndexByte(name, '/')+1:]
	for _, c := range name {
		if c != '_' && c != '-' && c != '.' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return "bash"
		}
	}
	if name == "" || len(name) > most {
		return "bash"
	}
	return name
}

// again keeps what was told elsewhere in the trajectory.
func (s *sweAgent) again(rec *eventlog.Record, full bool, emit func(*eventlog.Event)) error {
	e := &s.e
	e.Kind, e.Type, e.Hidden = eventlog.Custom, "again", true
	if full {
		e.Payload = clone(rec.Body)
		if content, ok := lookup(rec.Body, "content"); ok {
			e.Text = contentText(content)
		}
	}
	emit(e)
	return nil
}

// message decodes a message of the conversation. Where there are steps, only
// what was said before the first of them is not told by these.
func (s *sweAgent) message(rec *eventlog.Record, full bool, emit func(*eventlog.Event)) error {
	var role, content, thought, calls, results, demo []byte
	if err := jsonl.Fields(rec.Body, func(key, value []byte) bool {
		switch string(key) {
		case "role":
			role = value
		case "content":
			content = value
		case "thought":
			thought = value
		case "tool_calls":
			calls = value
		case "tool_call_ids":
			results = value
		case "is_demo":
			demo = value
		}
		return true
	}); err != nil {
		return err
	}
	who := s.names.text(role)
	const opening = 3 // the system, a demonstration, the task
	if s.steps && (who != "system" && who != "user" || rec.Pos >= opening && rec.Table == sweHistory) {
		return s.again(rec, full, emit)
	}
	e := &s.e
	base := *e
	e.Type = who
	switch who {
	case "assistant":
		e.Kind = eventlog.ModelResponse
		if full {
			e.Text = readable(first(content, thought))
		}
		emit(e)
		s.calls(base, calls, full, emit)
		return nil
	case "tool":
		e.Kind, e.CallID = eventlog.ToolResult, firstText(results)
	case "user":
		e.Kind, e.Tool, e.Hidden = eventlog.Message, "user", truth(demo)
		if text := contentText(content); !e.Hidden && !s.called && rec.Pos < opening {
			s.called = true
			e.Facts = &eventlog.Facts{Goal: text}
		}
	default:
		e.Kind, e.Tool, e.Hidden = eventlog.Message, "system", true
	}
	if full {
		e.Text = contentText(content)
		if e.Kind == eventlog.ToolResult {
			e.Output = clone(content)
		}
	}
	emit(e)
	return nil
}

// calls decodes the calls of a message.
func (s *sweAgent) calls(base eventlog.Event, calls []byte, full bool, emit func(*eventlog.Event)) {
	if !isArray(calls) {
		return
	}
	_ = jsonl.Elements(calls, func(call []byte) bool {
		s.e = base
		chatCall(call, &s.e, s.names, full)
		emit(&s.e)
		return true
	})
}

// chatCall reads a tool call as the chat API spells it.
func chatCall(call []byte, e *eventlog.Event, names names, full bool) {
	id, _ := lookup(call, "id")
	name, _ := lookup(call, "function", "name")
	arguments, _ := lookup(call, "function", "arguments")
	e.Kind, e.Type, e.CallID, e.Tool = eventlog.ToolCall, "tool_call", readable(id), names.text(name)
	if full {
		e.Input = inputOf(arguments)
	}
}
