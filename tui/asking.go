package tui

import (
	"errors"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/tui/ask"
)

// asked does what a screen or pane asks for.
func (m *model) asked(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case ask.Text:
		m.asking, m.fault = msg, nil
		m.prompt.Open(msg.Sign, msg.Value)
		m.offer()
		if msg.Query {
			return findValues(m.catalog)
		}
	case ask.Choice:
		m.menu = msg.Menu
		m.menu.Resize(m.width, m.height)
	case ask.Sure:
		m.question = &msg
	case ask.Notice:
		m.notice = string(msg)
	case ask.Task:
		return m.begin(msg)
	case ask.Copied:
		m.notice = msg.What + " copied"
		return tea.SetClipboard(msg.Text)
	case valuesMsg:
		m.offers.values = msg
		if m.prompt.IsOpen() {
			m.offer()
		}
	}
	return nil
}

// inQuestion answers a question: only y is a yes.
func (m *model) inQuestion(k tea.KeyPressMsg) tea.Cmd {
	yes := m.question.Yes
	m.question = nil
	if k.String() == "y" || k.String() == "Y" {
		return yes()
	}
	m.notice = "nothing was done"
	return nil
}

// inMenu chooses.
func (m *model) inMenu(k tea.KeyPressMsg) tea.Cmd {
	closed, do := m.menu.Key(k)
	if closed {
		m.menu = nil
	}
	if do != nil {
		return do()
	}
	return nil
}

// inPrompt edits the prompt.
func (m *model) inPrompt(k tea.KeyPressMsg) tea.Cmd {
	switch k.String() {
	case "esc":
		m.prompt.Shut()
		m.offers.set(0, 0, nil)
		if m.asking.Leave != nil {
			return m.asking.Leave()
		}
		return nil
	case "enter":
		if m.offers.chosen {
			return m.take()
		}
		cmd, err := m.asking.Enter(m.prompt.Text())
		if m.fault = err; err != nil {
			return cmd // it stays open until it can be read
		}
		m.prompt.Shut()
		m.offers.set(0, 0, nil)
		return cmd
	case "tab":
		if m.offers.any() {
			return m.take()
		}
		return nil
	case "down", "ctrl+n":
		m.offers.move(1)
		return nil
	case "up", "ctrl+p":
		m.offers.move(-1)
		return nil
	}
	return m.typed(m.prompt.Update(k))
}

// take puts the chosen offer into the text.
func (m *model) take() tea.Cmd {
	if !m.offers.chosen {
		m.offers.list.To(0)
	}
	text, at := m.offers.taken(m.prompt.Text())
	m.prompt.Set(text, at)
	return m.typed(true)
}

// typed previews what was typed.
func (m *model) typed(changed bool) tea.Cmd {
	if !changed {
		return nil
	}
	m.offer()
	if m.asking.Preview == nil {
		return nil
	}
	cmd, err := m.asking.Preview(m.prompt.Text())
	m.fault = err
	var q *eventlog.QueryError
	if errors.As(err, &q) {
		// What is being written is not wrong yet: until it is whole, what stands
		// before it is the filter.
		if text := m.prompt.Text(); m.offers.any() && m.prompt.At() == q.To {
			m.fault = nil
			cmd, _ = m.asking.Preview(text[:q.From] + text[q.To:])
			return cmd
		}
		m.fault = &inText{q, errors.New(q.Why)}
	}
	return cmd
}

// inText is what is wrong with a query, without the text, which is on the
// screen.
type inText struct {
	*eventlog.QueryError
	why error
}

func (e *inText) Error() string { return e.why.Error() }
func (e *inText) Unwrap() error { return e.QueryError }

// offer finds out how the text may go on.
func (m *model) offer() {
	switch {
	case m.asking.Query:
		m.offers.query(m.prompt.Text(), m.prompt.At())
	case m.asking.Sign == ":":
		m.offers.commands(m.prompt.Text())
	default:
		m.offers.set(0, 0, nil)
	}
}

// filter opens the prompt for the filter of the screen on top.
func (m *model) filter() tea.Cmd {
	s := m.screen()
	before := s.Query()
	set := func(text string) (tea.Cmd, error) { return s.Filter(text) }
	return m.asked(ask.Text{
		Sign: "/", Value: before, Query: true, Count: s.Count,
		Hint:    "agent:x  tool:x  kind:tool  err:any  cost>0.1  since:2h  -not  a OR b  \"words\"",
		Preview: set,
		Enter: func(text string) (tea.Cmd, error) {
			cmd, err := set(text)
			if err == nil && text != before {
				s.Remember(before)
			}
			var q *eventlog.QueryError
			if errors.As(err, &q) {
				err = &inText{q, errors.New(q.Why)}
			}
			return cmd, err
		},
		Leave: func() tea.Cmd {
			cmd, _ := set("")
			return cmd
		},
	})
}
