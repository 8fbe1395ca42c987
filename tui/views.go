package tui

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/tui/ask"
	"github.com/lazytrace/lazytrace/tui/menu"
)

// View is a filter with a name.
type View struct {
	Name  string
	Query string
}

// own are the views that are there without anybody having saved them.
var own = []View{{"all", ""}, {"live", "is:running"}, {"need you", "is:needy"}, {"errors", "err:any"}}

// views are the filters that have a name: our own and those of the person.
type views struct {
	saved []View
	parse map[string]eventlog.Query
	near  int // the one that was chosen last
}

func newViews(saved []View) views {
	v := views{saved: slices.Clone(saved), parse: map[string]eventlog.Query{}}
	for _, view := range v.all() {
		v.parse[view.Query], _ = eventlog.ParseQuery(view.Query) // a view that cannot be read shows all
	}
	return v
}

func (v *views) all() []View { return slices.Concat(own, v.saved) }

// queries are the filters of all views, in their order, to be counted.
func (v *views) queries() []eventlog.Query {
	var out []eventlog.Query
	for _, view := range v.all() {
		out = append(out, v.parse[view.Query])
	}
	return out
}

// at returns which view a filter is, or -1.
func (v *views) at(query string) int {
	return slices.IndexFunc(v.all(), func(view View) bool { return view.Query == query })
}

// beside returns the view d places behind the one that was chosen last.
func (v *views) beside(d int) View {
	all := v.all()
	v.near = ((v.near+d)%len(all) + len(all)) % len(all)
	return all[v.near]
}

// look shows a view.
func (h *home) look(v View) tea.Cmd {
	h.views.near = max(0, h.views.at(v.Query))
	if before := h.Query(); before != v.Query {
		h.Remember(before)
	}
	cmd, err := h.Filter(v.Query)
	if err != nil {
		return ask.Tell(fmt.Sprintf("view %s: %v", v.Name, err))
	}
	return cmd
}

// chooseView is the menu of views.
func (h *home) chooseView() tea.Cmd {
	var items []menu.Item
	for i, v := range h.views.all() {
		note := v.Query
		if h.view != nil && i < len(h.view.Counts) {
			note = strings.TrimSpace(fmt.Sprintf("%s  %d", v.Query, h.view.Counts[i]))
		}
		items = append(items, menu.Item{Group: "view", Text: v.Name, Note: note, Do: func() tea.Cmd { return h.look(v) }})
	}
	if h.world.opts.SaveViews != nil {
		query := h.Query()
		if query != "" && h.views.at(query) < 0 {
			items = append(items, menu.Item{Group: "save", Text: "save this filter as a view", Note: query, Do: func() tea.Cmd { return h.askName(query) }})
		}
		for _, v := range h.views.saved {
			items = append(items, menu.Item{Group: "delete", Text: "delete " + v.Name, Note: v.Query, Do: func() tea.Cmd { return h.deleteView(v) }})
		}
	}
	return ask.Do(ask.Choice{Menu: menu.New("Views", menu.ByText, items)})
}

// askName asks what a filter is to be called.
func (h *home) askName(query string) tea.Cmd {
	return ask.Do(ask.Text{Sign: "save as", Hint: "the name of the view", Enter: func(name string) (tea.Cmd, error) {
		name = strings.TrimSpace(name)
		if name == "" {
			return nil, fmt.Errorf("a view needs a name")
		}
		if slices.ContainsFunc(h.views.all(), func(v View) bool { return v.Name == name }) {
			return nil, fmt.Errorf("there is a view %q already", name)
		}
		return h.saveViews(append(slices.Clone(h.views.saved), View{name, query}), "saved as view "+name), nil
	}})
}

func (h *home) deleteView(v View) tea.Cmd {
	return ask.Do(ask.Sure{Question: "delete the view " + v.Name + "?", Yes: func() tea.Cmd {
		left := slices.DeleteFunc(slices.Clone(h.views.saved), func(other View) bool { return other == v })
		return h.saveViews(left, "view "+v.Name+" is deleted")
	}})
}

// saveViews writes the person's views, off the main loop.
func (h *home) saveViews(saved []View, done string) tea.Cmd {
	h.views = newViews(saved)
	save := h.world.opts.SaveViews
	return tea.Batch(h.make(true), func() tea.Msg {
		if err := save(saved); err != nil {
			return ask.Notice("the views could not be saved: " + err.Error())
		}
		return ask.Notice(done)
	})
}
