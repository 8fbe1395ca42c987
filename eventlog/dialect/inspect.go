package dialect

import (
	"bytes"
	"cmp"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// Inspect reads the logs of evaluations that Inspect AI writes, as one document
// or as an archive of several. Each sample is a session. See
// docs/format/inspect.md.
type Inspect struct{}

// Name returns the name of the format.
func (Inspect) Name() string { return "inspect" }

const (
	inspectEval = iota
	inspectSample
	inspectEvent
	inspectOld      // in old logs, what holds the events of a sample
	inspectOldEvent // and these
)

var inspectLists = []string{"samples", "samples/events", "samples/transcript", "samples/transcript/events"}

// Sniff knows an evaluation by its description, or an archive by its members.
func (Inspect) Sniff(h *Head) int {
	if h.IsArchive() {
		if slices.Contains(h.Members, "header.json") || slices.Contains(h.Members, "_journal/start.json") || slices.Contains(h.Members, "start.json") && hasSamples(h.Members) {
			return 90
		}
		return 0
	}
	var version, status, task, model bool
	h.members(func(key, value []byte) {
		switch string(key) {
		case "version":
			version = true
		case "status":
			status = true
		case "eval":
			eachBegun(value, func(key, _ []byte) {
				task = task || string(key) == "task"
				model = model || string(key) == "model"
			})
		}
	})
	if task && model && (version || status) {
		return 95
	}
	return 0
}

func hasSamples(members []string) bool {
	return slices.ContainsFunc(members, func(m string) bool { return strings.HasPrefix(m, "samples/") })
}

// Lists cuts an evaluation at its samples and their events.
func (i Inspect) Lists(h *Head) ([]string, bool) { return inspectLists, i.Sniff(h) > 0 }

// Members picks the description of the evaluation and its samples. A sample is
// one member or, when it is large, a folder of them.
func (Inspect) Members(names []string) []Member {
	var list []Member
	for _, name := range []string{"header.json", "_journal/start.json", "start.json"} {
		if slices.Contains(names, name) {
			list = append(list, Member{Name: name})
			break
		}
	}
	type member struct {
		Member
		sample string
		first  int // the number of the first event
	}
	var samples []member
	for _, name := range names {
		rest, ok := strings.CutPrefix(name, "samples/")
		if !ok || path.Ext(rest) != ".json" {
			continue
		}
		parts := strings.Split(rest, "/")
		switch n := len(parts); {
		case n == 1:
			samples = append(samples, member{Member{name, "samples"}, strings.TrimSuffix(rest, ".json"), -1})
		case parts[n-1] == "sample.json":
			samples = append(samples, member{Member{name, "samples"}, strings.Join(parts[:n-1], "/"), -1})
		case n > 2 && parts[n-2] == "events":
			if number, err := strconv.Atoi(strings.TrimSuffix(parts[n-1], ".json")); err == nil {
				samples = append(samples, member{Member{name, "samples/events"}, strings.Join(parts[:n-2], "/"), number})
			}
		}
	}
	slices.SortStableFunc(samples, func(a, b member) int {
		return cmp.Or(cmp.Compare(a.sample, b.sample), cmp.Compare(a.first, b.first))
	})
	for _, s := range samples {
		list = append(list, s.Member)
	}
	return list
}

// Tables asks for nothing: an evaluation is never a database.
func (Inspect) Tables() []eventlog.Table { return nil }

// Open returns a decoder.
func (Inspect) Open(seg Segment) Decoder {
	d := &inspect{names: names{}, path: seg.Path, apart: map[string]bool{}}
	if seg.Head != nil {
		d.sampled = hasSamples(seg.Head.Members)
		for _, m := range (Inspect{}).Members(seg.Head.Members) {
			if m.As == "samples/events" {
				d.apart[path.Dir(path.Dir(m.Name))] = true
			}
		}
	}
	return d
}

// inspect decodes one evaluation.
type inspect struct {
	names   names
	path    string
	sampled bool // the archive has samples
	// apart has the folders of samples whose events are members of their own.
	apart map[string]bool

	eval    inspectSpec
	session string
	runs    map[string]string // the run that a span is part of
	agents  map[string]string // of the runs
	kept    bool              // the sample has events, which tell what was used
	attach  []byte            // texts that events refer to
	e       eventlog.Event
	b       eventlog.Bill
}

// inspectSpec is what is known of the evaluation.
type inspectSpec struct {
	id, run, task, model, provider, created string
}

// Decode decodes a part of an evaluation.
func (d *inspect) Decode(rec *eventlog.Record, full bool, emit func(*eventlog.Event)) error {
	for i, above := range rec.Above {
		switch i {
		case 0:
			if err := d.spec(above); err != nil {
				return err
			}
		case 1:
			if _, err := d.sample(above, full); err != nil {
				return err
			}
		}
	}
	switch rec.Table {
	case inspectEval:
		return d.evaluation(rec.Body, full, emit)
	case inspectSample:
		return d.begin(rec.Body, full, emit)
	case inspectOld:
		return nil // its events follow
	case inspectEvent, inspectOldEvent:
		return d.event(rec.Body, 0, full, emit)
	}
	return ErrNoEvent
}

// spec takes over what all samples share.
func (d *inspect) spec(body []byte) error {
	d.eval = inspectSpec{}
	return jsonl.Fields(body, func(key, value []byte) bool {
		if string(key) != "eval" {
			return true
		}
		s := &d.eval
		_ = fieldsOf(value, func(key, value []byte) bool {
			switch string(key) {
			case "eval_id":
				s.id = readable(value)
			case "run_id":
				s.run = readable(value)
			case "task":
				s.task = readable(value)
			case "model":
				s.provider, s.model = providerOf(readable(value))
			case "created":
				s.created = readable(value)
			}
			return true
		})
		return true
	})
}

// name returns what tells the evaluation from others.
func (d *inspect) name() string {
	return cmp.Or(d.eval.id, d.eval.run, streamName(d.path))
}

// evaluation decodes the description. It is told with each sample; only where
// none was kept it stands for itself.
func (d *inspect) evaluation(body []byte, full bool, emit func(*eventlog.Event)) error {
	if err := d.spec(body); err != nil {
		return err
	}
	var status, samples, stats, failure []byte
	_ = jsonl.Fields(body, func(key, value []byte) bool {
		switch string(key) {
		case "status":
			status = value
		case "samples":
			samples = value
		case "stats":
			stats = value
		case "error":
			failure = value
		}
		return true
	})
	if d.sampled || hasElements(samples) {
		return nil
	}
	d.session, d.kept = d.name(), false
	started, _ := lookup(stats, "started_at")
	ended, _ := lookup(stats, "completed_at")
	usage, _ := lookup(stats, "model_usage")
	outcome := map[string]eventlog.Outcome{"success": eventlog.Success, "error": eventlog.Failure}[readable(status)]
	at := moment(started)
	if at == 0 {
		at = momentText([]byte(d.eval.created))
	}
	d.run(d.envelope("eval", at), d.eval.task, outcome, moment(ended), usage, failure, readable(status) != "started", body, full, emit)
	return nil
}

// envelope is what all events of a session share.
func (d *inspect) envelope(kind string, at eventlog.Stamp) eventlog.Event {
	return eventlog.Event{Type: kind, SessionID: d.session, RunID: d.session, Time: at, Agent: d.eval.task}
}

// sample takes over what events need to know of their sample.
func (d *inspect) sample(body []byte, full bool) (inspectSampleRecord, error) {
	var r inspectSampleRecord
	if err := r.parse(body); err != nil {
		return r, err
	}
	d.runs, d.agents = map[string]string{}, map[string]string{}
	d.session = readable(r.uuid)
	if d.session == "" {
		d.session = d.name() + "/" + readable(r.id) + "/" + cmp.Or(readable(r.epoch), "1")
	}
	d.kept = d.apart["samples/"+readable(r.id)+"_epoch_"+readable(r.epoch)] || hasElements(r.events) || r.transcript != nil
	d.attach = nil
	if full {
		d.attach = bytes.Clone(r.attachments)
	}
	return r, nil
}

// inspectSampleRecord is a sample taken apart but not decoded.
type inspectSampleRecord struct {
	id, epoch, uuid, input, started, completed, usage, failure, limit []byte
	scores, events, transcript, attachments, target                   []byte
}

func (r *inspectSampleRecord) parse(body []byte) error {
	return jsonl.Fields(body, func(key, value []byte) bool {
		var to *[]byte
		switch string(key) {
		case "id":
			to = &r.id
		case "epoch":
			to = &r.epoch
		case "uuid":
			to = &r.uuid
		case "input":
			to = &r.input
		case "target":
			to = &r.target
		case "started_at":
			to = &r.started
		case "completed_at":
			to = &r.completed
		case "model_usage":
			to = &r.usage
		case "error":
			to = &r.failure
		case "limit":
			to = &r.limit
		case "scores", "score":
			to = &r.scores
		case "events":
			to = &r.events
		case "transcript":
			to = &r.transcript
		case "attachments":
			to = &r.attachments
		default:
			return true
		}
		if !jsonl.IsNull(value) {
			*to = value
		}
		return true
	})
}

// begin decodes a sample: a run of the task, its end included.
func (d *inspect) begin(body []byte, full bool, emit func(*eventlog.Event)) error {
	r, err := d.sample(body, full)
	if err != nil {
		return err
	}
	outcome := eventlog.Success
	if len(r.failure) > 0 {
		outcome = eventlog.Failure
	}
	at := moment(r.started)
	start := d.envelope("sample", at)
	start.Facts = &eventlog.Facts{
		Goal: d.resolve(inspectText(r.input)), Name: strings.TrimSpace(d.eval.task + " " + readable(r.id)), Started: at, Experiment: d.eval.task, Variant: d.eval.model,
		Metadata: map[string]string{"sample": readable(r.id), "epoch": readable(r.epoch), "evaluation": d.name()},
	}
	if limit, ok := lookup(r.limit, "type"); ok {
		start.Facts.Metadata["limit"] = readable(limit)
	}
	scores(r.scores, start.Facts)
	d.run(start, d.eval.task, outcome, moment(r.completed), r.usage, r.failure, true, body, full, emit)
	return nil
}

// scores takes over how a sample was scored.
func scores(list []byte, f *eventlog.Facts) {
	_ = fieldsOf(list, func(name, score []byte) bool {
		value, ok := lookup(score, "value")
		if !ok {
			return true
		}
		f.Metadata["score "+string(name)] = readable(value)
		if n, ok := jsonl.Float(value); ok {
			if f.Metrics == nil {
				f.Metrics = map[string]float64{}
			}
			f.Metrics[string(name)] = n
		}
		return true
	})
}

// run tells the beginning and the end of a run and, where no events do, what
// was used.
func (d *inspect) run(start eventlog.Event, task string, outcome eventlog.Outcome, ended eventlog.Stamp, usage, failure []byte, over bool, body []byte, full bool, emit func(*eventlog.Event)) {
	e := &d.e
	*e = start
	e.Kind, e.Provider, e.Model = eventlog.AgentStart, d.eval.provider, d.eval.model
	e.Facts = orNew(e.Facts)
	e.Facts.Agent = task
	if full {
		e.Text = e.Facts.Goal
	}
	emit(e)
	if !d.kept {
		_ = fieldsOf(usage, func(model, counts []byte) bool {
			*e = start
			e.Facts = nil
			e.Kind, e.Type, e.Again, e.CallID, e.Text = eventlog.ModelResponse, "model_usage", true, "usage of "+string(model), "all calls of "+string(model)
			d.pay(counts, string(model), "")
			emit(e)
			return true
		})
	}
	*e = start
	e.Facts = &eventlog.Facts{Outcome: outcome, Ended: ended}
	e.Kind, e.Time, e.Outcome = eventlog.AgentFinish, max(start.Time, ended), outcome
	if !over {
		e.Kind, e.Hidden = eventlog.LoopStep, true
	}
	e.Failed = outcome == eventlog.Failure && !d.kept // otherwise an event tells of it
	if full {
		if message, ok := lookup(failure, "message"); ok {
			e.Message = readable(message)
		}
		e.Payload = clone(body)
	}
	emit(e)
}

// pay makes the bill of a call, or of all calls of a model.
func (d *inspect) pay(counts []byte, model, call string) {
	var total, input, output, read, write, reasoning int64
	b := &d.b
	*b = eventlog.Bill{Call: eventlog.Identify("inspect", d.session, model, call), Rule: eventlog.RuleRecord}
	_ = fieldsOf(counts, func(key, value []byte) bool {
		switch string(key) {
		case "total_tokens":
			total = count(value)
		case "input_tokens":
			input = count(value)
		case "output_tokens":
			output = count(value)
		case "input_tokens_cache_read":
			read = count(value)
		case "input_tokens_cache_write":
			write = count(value)
		case "reasoning_tokens":
			reasoning = count(value)
		case "total_cost":
			if m, ok := cost(value); ok && m > 0 {
				b.Cost, b.Source = m, eventlog.Recorded
			}
		}
		return true
	})
	// Whether the input holds what came from the cache depends on the provider;
	// the total tells.
	if read+write > 0 && total > 0 && total < input+output+read+write && input >= read+write {
		input -= read + write
	}
	b.Usage = eventlog.Usage{Input: input, CacheRead: read, CacheWrite5m: write, Output: output, Reasoning: min(reasoning, output)}
	e := &d.e
	e.Provider, e.Model = providerOf(model)
	if b.Usage.Total() > 0 || b.Cost > 0 {
		e.Bill = b
	}
}

// inspectText returns the text of an input: a text, or messages.
func inspectText(value []byte) string {
	if !isArray(value) {
		return readable(value)
	}
	var lines []string
	_ = jsonl.Elements(value, func(message []byte) bool {
		content, ok := lookup(message, "content")
		role, _ := lookup(message, "role")
		if ok && string(role) != `"system"` {
			lines = append(lines, contentText(content))
		}
		return true
	})
	return strings.Join(lines, "\n")
}

// resolve returns a text, or the one that it refers to.
func (d *inspect) resolve(text string) string {
	name, ok := strings.CutPrefix(text, "attachment://")
	if !ok {
		return text
	}
	if found, ok := lookup(d.attach, name); ok {
		return readable(found)
	}
	return "(an attachment)"
}
