package keymap

// The actions.
const (
	QuitNow     Action = "app.quit_now"
	Close       Action = "app.close"
	Back        Action = "app.back"
	Keys        Action = "app.keys"
	Command     Action = "app.command"
	Mouse       Action = "app.mouse"
	ThemeToggle Action = "app.theme"
	Suspend     Action = "app.suspend"
	Redraw      Action = "app.redraw"
	Panel1      Action = "panel.1"
	Panel2      Action = "panel.2"
	Panel3      Action = "panel.3"
	Panel4      Action = "panel.4"
	PanelNext   Action = "panel.next"
	PanelPrev   Action = "panel.previous"
	Larger      Action = "panel.larger"
	Smaller     Action = "panel.smaller"
	GoSessions  Action = "go.sessions"
	GoCost      Action = "go.cost"
	GoErrors    Action = "go.errors"
	GoEvents    Action = "go.events"
	GoTrace     Action = "go.trace"

	Down       Action = "list.down"
	Up         Action = "list.up"
	HalfDown   Action = "list.half_down"
	HalfUp     Action = "list.half_up"
	PageDown   Action = "list.page_down"
	PageUp     Action = "list.page_up"
	Top        Action = "list.top"
	End        Action = "list.end"
	Open       Action = "list.open"
	Fold       Action = "list.fold"
	FoldShut   Action = "list.collapse"
	FoldOpen   Action = "list.expand"
	FoldAll    Action = "list.fold_all"
	UnfoldAll  Action = "list.unfold_all"
	Filter     Action = "list.filter"
	Follow     Action = "list.follow"
	Copy       Action = "list.copy"
	Flat       Action = "list.flat"
	NextError  Action = "list.next_error"
	PrevError  Action = "list.previous_error"
	NextNeed   Action = "list.next"
	PrevNeed   Action = "list.previous"
	DetailDown Action = "detail.down"
	DetailUp   Action = "detail.up"

	Sort     Action = "sessions.sort"
	Reverse  Action = "sessions.reverse"
	Period   Action = "sessions.period"
	BeatIn   Action = "sessions.finer"
	BeatOut  Action = "sessions.coarser"
	TabNext  Action = "tab.next"
	TabPrev  Action = "tab.previous"
	PartNext Action = "detail.next_part"
	PartPrev Action = "detail.previous_part"

	Failures Action = "trace.failures"
	Noise    Action = "trace.machinery"
	TimeMode Action = "trace.time_mode"
	Critical Action = "trace.critical_path"
	Idle     Action = "trace.idle"
	ZoomIn   Action = "trace.zoom_in"
	ZoomOut  Action = "trace.zoom_out"
	ZoomFit  Action = "trace.fit"
	Parent   Action = "trace.parent"
	NextSame Action = "trace.next_same"
	PrevSame Action = "trace.previous_same"
	NextSlow Action = "trace.next_slow"
	PrevSlow Action = "trace.previous_slow"
	Left     Action = "trace.left"
	Right    Action = "trace.right"

	Group     Action = "cost.group"
	GroupPrev Action = "cost.group_previous"
	Audit     Action = "cost.audit"
)

// Table returns every action there is.
func Table() []Row {
	return []Row{
		{Down, Lists, keys("j", "down"), "", "down; a count before it moves as far: 5j"},
		{Up, Lists, keys("k", "up"), "", "up"},
		{HalfDown, Lists, keys("ctrl+d"), "", "half a page down"},
		{HalfUp, Lists, keys("ctrl+u"), "", "half a page up"},
		{PageDown, Lists, keys(".", "pgdown"), "", "a page down"},
		{PageUp, Lists, keys(",", "pgup"), "", "a page up"},
		{Top, Lists, keys("g g", "<", "home"), "", "to the top"},
		{End, Lists, keys("G", ">", "end"), "", "to the end"},
		{Open, Lists, keys("enter"), "open", "open what is selected, or jump to it"},
		{Fold, Lists, keys("space"), "fold", "fold or unfold"},
		{FoldShut, Lists, keys("h", "left"), "", "collapse, or go to the parent"},
		{FoldOpen, Lists, keys("l", "right"), "", "expand, or go to the first child"},
		{FoldAll, Lists, keys("-"), "", "fold all"},
		{UnfoldAll, Lists, keys("="), "", "unfold all"},
		{Filter, Lists, keys("/", "f"), "filter", "filter: words, agent:x tool:x err:any cost>0.1 since:2h"},
		{Follow, Lists, keys("F"), "follow", "stay at what is newest"},
		{Copy, Lists, keys("y"), "copy", "copy the id of what is selected; in the detail pane, its text"},
		{Flat, Lists, keys("t"), "tree", "tree or flat list"},
		{NextError, Lists, keys("e"), "next error", "next that failed"},
		{PrevError, Lists, keys("E"), "", "previous that failed"},
		{NextNeed, Lists, keys("n"), "needs a look", "next hit of the filter; without one, next that needs a look"},
		{PrevNeed, Lists, keys("N"), "", "the same backwards"},

		{Sort, Sessions, keys("s"), "sort", "sort by start, last event, cost, tokens, errors, time, name"},
		{Reverse, Sessions, keys("S"), "", "reverse the order"},
		{Period, Sessions, keys("p"), "period", "24 hours, 7 days, 30 days, all"},
		{BeatIn, Sessions, keys("z"), "", "finer histogram"},
		{BeatOut, Sessions, keys("Z"), "", "coarser histogram"},

		{TabNext, Opened, keys("]"), "tab", "next tab; in the detail pane, its next part"},
		{TabPrev, Opened, keys("["), "", "previous tab or part"},
		{PartNext, Opened, keys("}"), "", "next part of the detail pane: call, input, output, raw"},
		{PartPrev, Opened, keys("{"), "", "previous part"},
		{DetailDown, Opened, keys("J"), "", "scroll the detail pane down, from anywhere"},
		{DetailUp, Opened, keys("K"), "", "scroll it up"},
		{GoTrace, Opened, keys("g t"), "", "to the Trace tab"},
		{GoEvents, Opened, keys("g e"), "", "to the Events tab"},
		{GoErrors, Opened, keys("g x"), "", "to the Errors tab"},

		{Failures, Trace, keys("!"), "only errors", "only branches that failed"},
		{ZoomIn, Trace, keys("z"), "zoom", "zoom into the time of the selected step"},
		{ZoomOut, Trace, keys("Z"), "", "zoom out"},
		{ZoomFit, Trace, keys("0"), "fit", "the whole time again"},
		{Left, Trace, keys("H", "shift+left"), "", "earlier, when zoomed; in the detail pane, scroll left"},
		{Right, Trace, keys("L", "shift+right"), "", "later, when zoomed; in the detail pane, scroll right"},
		{TimeMode, Trace, keys("T"), "time", "time column: took, since start, clock, gap"},
		{Critical, Trace, keys("p"), "critical path", "the critical path: the steps that the end waited for"},
		{Idle, Trace, keys("C"), "", "cut long idle time out of the waterfall, or show it"},
		{Parent, Trace, keys("P"), "", "to the parent"},
		{NextSame, Trace, keys("o"), "", "next step of the same operation"},
		{PrevSame, Trace, keys("O"), "", "previous step of the same operation"},
		{NextSlow, Trace, keys("s"), "slow", "next slow step: of the slowest twentieth"},
		{PrevSlow, Trace, keys("S"), "", "previous slow step"},
		{Noise, Trace, keys("I"), "", "show or hide machinery"},

		{Group, Cost, keys("b"), "by", "group by agent, model, session, tool, day"},
		{GroupPrev, Cost, keys("B"), "", "the same backwards"},
		{Audit, Cost, keys("a"), "audit", "the audit: what was read, cut and priced with what; enter lists the records behind a line"},

		{PanelNext, Everywhere, keys("tab"), "pane", "next pane"},
		{PanelPrev, Everywhere, keys("shift+tab"), "", "previous pane"},
		{Panel1, Everywhere, keys("1"), "", "pane 1; a digit without a pane begins a count"},
		{Panel2, Everywhere, keys("2"), "", "pane 2"},
		{Panel3, Everywhere, keys("3"), "", "pane 3"},
		{Panel4, Everywhere, keys("4"), "", "pane 4"},
		{Larger, Everywhere, keys("+"), "", "more room for this pane: normal, half, full"},
		{Smaller, Everywhere, keys("_"), "", "less room"},
		{GoSessions, Everywhere, keys("g s"), "", "to the sessions"},
		{GoCost, Everywhere, keys("g c"), "cost", "what it cost: of the sessions shown, or of the opened one"},
		{Command, Everywhere, keys(":"), "command", "command by name"},
		{Keys, Everywhere, keys("?"), "keys", "this list"},
		{Back, Everywhere, keys("esc", "backspace"), "back", "close the popup, or clear the filter, or go back"},
		{Close, Everywhere, keys("q"), "quit", "go back, and quit from the sessions"},
		{QuitNow, Everywhere, keys("ctrl+c"), "", "quit at once"},
		{Mouse, Everywhere, keys("f2"), "", "give the mouse back to the terminal, or take it"},
		{ThemeToggle, Everywhere, keys("ctrl+t"), "", "dark or light"},
		{Suspend, Everywhere, keys("ctrl+z"), "", "suspend"},
		{Redraw, Everywhere, keys("ctrl+l"), "", "draw the screen anew"},
	}
}

func keys(k ...string) []string { return k }
