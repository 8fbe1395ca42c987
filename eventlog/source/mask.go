package source

import (
	"encoding/json"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/redact"
)

// masker hides secrets in what is kept of events. Names come again with most of them,
// so that those of late are remembered: looking for secrets takes ten times as long as
// comparing. It is for one goroutine. Ids stay as they are, since others name them, and
// folders, since files lie there.
type masker struct {
	red    *redact.Redactor // nil hides nothing
	recent [64]struct{ name, masked string }
	hid    bool // a name held a secret, which the decoder then has as well
}

// name masks something short.
func (m *masker) name(name *string) {
	n := len(*name)
	if n == 0 {
		return
	}
	at := &m.recent[(n+int((*name)[n/2])*3+int((*name)[n-1])*5)%len(m.recent)]
	if at.name != *name {
		at.name, at.masked = *name, *name
		if !tame(*name) {
			at.masked, _ = m.red.Text(*name)
			m.hid = m.hid || at.masked != at.name
		}
	}
	*name = at.masked
}

// tame reports whether a name is too short and too plain for any secret: what people
// call their tools mostly is.
func tame(name string) bool {
	if len(name) >= 12 {
		return false
	}
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		case i > 0 && ('0' <= c && c <= '9' || c == '-' || c == '_'):
		default:
			return false
		}
	}
	return true
}

// names masks the names in an event, whose price is known already.
func (m *masker) names(e *eventlog.Event) {
	if m.red == nil {
		return
	}
	m.name(&e.Agent)
	m.name(&e.Provider)
	m.name(&e.Model)
	m.name(&e.Tool)
	m.name(&e.Branch)
	if e.Kind == eventlog.Custom {
		m.name(&e.Type)
	}
	for i := range e.Adopts {
		m.name(&e.Adopts[i].Agent)
	}
	if e.Facts != nil {
		m.name(&e.Facts.Agent)
	}
}

// text masks what is kept of a text for every session.
func (m *masker) text(text *string) {
	const most = 4 << 10
	*text = (*text)[:min(len(*text), most)]
	if m.red != nil {
		*text, _ = m.red.Text(*text)
	}
}

// facts masks what a record says about its session.
func (m *masker) facts(f *eventlog.Facts) {
	for _, text := range [...]*string{&f.Goal, &f.Name, &f.Title, &f.Command, &f.FailureReason, &f.Summary} {
		m.text(text)
	}
	for k, v := range f.Metadata {
		m.text(&v)
		f.Metadata[k] = v
	}
	if m.red == nil {
		return
	}
	for _, name := range [...]*string{&f.User, &f.Project, &f.Branch, &f.Environment, &f.Experiment, &f.Variant, &f.Version, &f.Host} {
		m.name(name)
	}
	for i := range f.Tags {
		m.name(&f.Tags[i])
	}
}

// event masks everything of an event that is shown.
func (m *masker) event(e *eventlog.Event) {
	red := m.red
	if red == nil {
		return
	}
	m.names(e)
	e.Text, _ = red.Text(e.Text)
	e.Message, _ = red.Text(e.Message)
	for _, body := range []*json.RawMessage{&e.Payload, &e.Input, &e.Output} {
		if len(*body) > 0 {
			*body, _ = red.JSON(*body)
		}
	}
	for i := range e.Details {
		e.Details[i].Value, _ = red.Text(e.Details[i].Value)
	}
}
