package keymap

// The actions.
const (
	QuitNow     Action = "app.quit_now"
	Close       Action = "app.close"
	Back        Action = "app.back"
	Keys        Action = "app.keys"
	Command     Action = "app.command"
	Palette     Action = "app.palette"
	UserCommand Action = "app.run"
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
	GoWall      Action = "go.wall"
	GoCost      Action = "go.cost"
	GoErrors    Action = "go.errors"
	GoAgents    Action = "go.agents"
	GoVariants  Action = "go.experiments"
	GoGraph     Action = "go.graph"
	GoSearch    Action = "go.search"
	GoNotes     Action = "go.notes"
	GoDoctor    Action = "go.doctor"
	GoEvents    Action = "go.events"
	GoTrace     Action = "go.trace"
	GoChat      Action = "go.chat"
	GoContext   Action = "go.context"

	Down      Action = "list.down"
	Up        Action = "list.up"
	HalfDown  Action = "list.half_down"
	HalfUp    Action = "list.half_up"
	PageDown  Action = "list.page_down"
	PageUp    Action = "list.page_up"
	Top       Action = "list.top"
	End       Action = "list.end"
	Open      Action = "list.open"
	Fold      Action = "list.fold"
	FoldShut  Action = "list.collapse"
	FoldOpen  Action = "list.expand"
	FoldAll   Action = "list.fold_all"
	UnfoldAll Action = "list.unfold_all"
	Filter    Action = "list.filter"
	Unfilter  Action = "list.undo_filter"
	Follow    Action = "list.follow"
	Copy      Action = "list.copy"
	Flat      Action = "list.flat"
	NextError Action = "list.next_error"
	PrevError Action = "list.previous_error"
	NextNeed  Action = "list.next"
	PrevNeed  Action = "list.previous"
	Export    Action = "list.export"
	Diff      Action = "list.compare"
	Mark      Action = "list.mark"
	NextMark  Action = "list.next_mark"
	PrevMark  Action = "list.previous_mark"
	OnlyMarks Action = "list.only_marked"
	Note      Action = "list.note"
	Tag       Action = "list.tag"
	Rename    Action = "list.rename"
	Editor    Action = "list.editor"
	Fork      Action = "list.fork"
	Stop      Action = "list.stop"
	Sort      Action = "list.sort"
	Reverse   Action = "list.reverse"
	Beats     Action = "list.histogram"
	Brush     Action = "list.brush"

	Period   Action = "sessions.period"
	Range    Action = "sessions.range"
	Views    Action = "sessions.views"
	ViewNext Action = "sessions.next_view"
	ViewPrev Action = "sessions.previous_view"
	BeatIn   Action = "sessions.finer"
	BeatOut  Action = "sessions.coarser"

	TabNext    Action = "tab.next"
	TabPrev    Action = "tab.previous"
	PartNext   Action = "detail.next_part"
	PartPrev   Action = "detail.previous_part"
	DetailDown Action = "detail.down"
	DetailUp   Action = "detail.up"
	Forks      Action = "opened.forks"
	Replay     Action = "opened.replay"

	Failures Action = "trace.failures"
	Noise    Action = "trace.machinery"
	TimeMode Action = "trace.time_mode"
	Color    Action = "trace.color"
	Lanes    Action = "trace.lanes"
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
	NextWarn Action = "trace.next_warning"
	Left     Action = "trace.left"
	Right    Action = "trace.right"

	Group     Action = "cost.group"
	GroupPrev Action = "cost.group_previous"
	CostView  Action = "cost.view"
	Audit     Action = "cost.audit"

	TurnNext    Action = "context.next_turn"
	TurnPrev    Action = "context.previous_turn"
	ShorterNext Action = "context.next_compaction"
	ShorterPrev Action = "context.previous_compaction"

	Thinking Action = "chat.thinking"
	Tools    Action = "chat.tools"

	ChangeNext Action = "compare.next_change"
	ChangePrev Action = "compare.previous_change"
	Equal      Action = "compare.equal"
	TextMode   Action = "compare.words"
	SwapSides  Action = "compare.swap"

	Play   Action = "replay.play"
	StepOn Action = "replay.step"
	StepUp Action = "replay.step_back"
	Faster Action = "replay.faster"
	Slower Action = "replay.slower"

	Section Action = "page.section"
	Expand  Action = "page.expand"
	Delete  Action = "page.delete"
	Refresh Action = "page.refresh"
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
		{Unfilter, Lists, keys("ctrl+r"), "", "the filter that was in force before this one"},
		{Follow, Lists, keys("F"), "follow", "stay at what is newest"},
		{Copy, Lists, keys("y"), "copy", "copy: id, command, input, output, Markdown, resume command"},
		{Flat, Lists, keys("t"), "tree", "tree or flat list"},
		{NextError, Lists, keys("e"), "next error", "next that failed"},
		{PrevError, Lists, keys("E"), "", "previous that failed"},
		{NextNeed, Lists, keys("n"), "needs you", "next hit of the filter; without one, next that needs you"},
		{PrevNeed, Lists, keys("N"), "", "the same backwards"},
		{Sort, Lists, keys("s"), "sort", "sort by the next column or order"},
		{Reverse, Lists, keys("S"), "", "reverse the order"},
		{Diff, Lists, keys("W", "d"), "compare", "compare with another run: the marked one, its parent, a fork, one like it"},
		{Mark, Lists, keys("m"), "mark", "mark, or take the mark away; between two marks the time is measured"},
		{NextMark, Lists, keys("u"), "", "next mark"},
		{PrevMark, Lists, keys("U"), "", "previous mark"},
		{OnlyMarks, Lists, keys("M"), "", "only what is marked"},
		{Note, Lists, keys("a"), "note", "write a note"},
		{Tag, Lists, keys("#"), "tag", "tag, or take a tag away with -tag"},
		{Rename, Lists, keys("f2"), "rename", "give the session another name; no log is changed"},
		{Export, Lists, keys("X"), "export", "write what the filter shows as CSV"},
		{Editor, Lists, keys("ctrl+e"), "", "open the record or text in $EDITOR"},
		{Fork, Lists, keys("ctrl+f"), "", "fork the session at this step, so that it can be continued from there"},
		{Stop, Lists, keys("x"), "stop", "stop what is being recorded; asks first"},
		{Beats, Lists, keys("i"), "", "show or hide the histogram"},
		{Brush, Lists, keys("v"), "", "select a stretch of the histogram: h l move, enter keeps it as filter"},

		{Period, Sessions, keys("p"), "period", "24 hours, 7 days, 30 days, all"},
		{Range, Sessions, keys("P"), "", "a range of your own: 3d, 2026-01-31, 2026-01-01..2026-01-31"},
		{Views, Sessions, keys("V"), "views", "saved views: choose, save this filter as one, delete"},
		{ViewNext, Sessions, keys("]"), "view", "next saved view"},
		{ViewPrev, Sessions, keys("["), "", "previous saved view"},
		{BeatIn, Sessions, keys("z"), "", "finer histogram"},
		{BeatOut, Sessions, keys("Z"), "", "coarser histogram"},

		{TabNext, Opened, keys("]"), "tab", "next tab; in the detail pane, its next part"},
		{TabPrev, Opened, keys("["), "", "previous tab or part"},
		{PartNext, Opened, keys("}"), "", "next part of the detail pane: call, input, output, raw"},
		{PartPrev, Opened, keys("{"), "", "previous part"},
		{DetailDown, Opened, keys("J"), "", "scroll the detail pane down, from anywhere"},
		{DetailUp, Opened, keys("K"), "", "scroll it up"},
		{GoTrace, Opened, keys("g t"), "", "to the Trace tab"},
		{GoChat, Opened, keys("g m"), "", "to the Chat tab"},
		{GoEvents, Opened, keys("g e"), "", "to the Events tab"},
		{GoContext, Opened, keys("g k"), "", "to the Context tab"},
		{Forks, Opened, keys("b"), "", "go to the parent, a fork or a child session"},
		{Replay, Opened, keys("r"), "replay", "replay from here, step by step or in time"},

		{Failures, Trace, keys("!"), "only errors", "only branches that failed"},
		{ZoomIn, Trace, keys("z"), "zoom", "zoom into the time of the selected step"},
		{ZoomOut, Trace, keys("Z"), "", "zoom out"},
		{ZoomFit, Trace, keys("0"), "fit", "the whole time again"},
		{Left, Trace, keys("H", "shift+left"), "", "earlier, when zoomed; in the detail pane, scroll left"},
		{Right, Trace, keys("L", "shift+right"), "", "later, when zoomed; in the detail pane, scroll right"},
		{TimeMode, Trace, keys("T"), "time", "time column: took, since start, clock, gap"},
		{Color, Trace, keys("c"), "colour", "colour of the bars: by kind, model, agent, cost"},
		{Lanes, Trace, keys("D"), "", "lanes: what ran at the same time, one lane each"},
		{Critical, Trace, keys("p"), "critical path", "the critical path: the steps that the end waited for, and what it would be without this one"},
		{Idle, Trace, keys("C"), "", "cut long idle time out of the waterfall, or show it"},
		{Parent, Trace, keys("P"), "", "to the parent"},
		{NextSame, Trace, keys("o"), "", "next step of the same operation"},
		{PrevSame, Trace, keys("O"), "", "previous step of the same operation"},
		{NextSlow, Trace, keys("s"), "slow", "next slow step: of the slowest twentieth"},
		{PrevSlow, Trace, keys("S"), "", "previous slow step"},
		{NextWarn, Trace, keys("w"), "", "next that waits, has no end, or no parent"},
		{Noise, Trace, keys("I"), "", "show or hide machinery"},

		{Group, Cost, keys("b"), "by", "group by agent, model, session, tool, day, branch, metadata"},
		{GroupPrev, Cost, keys("B"), "", "the same backwards"},
		{CostView, Cost, keys("c"), "view", "what stands below or beside the table: days, cache, audit in short; where all of them do, from the table to the cache and back"},
		{Audit, Cost, keys("a"), "audit", "the audit: what was read, cut and priced with what; enter lists the records behind a line"},

		{TurnNext, Context, keys("l", "right"), "turn", "next turn in the picture; a count before it moves as far: 10l"},
		{TurnPrev, Context, keys("h", "left"), "", "the turn before"},
		{ShorterNext, Context, keys("n"), "", "to the next place where the context was shortened"},
		{ShorterPrev, Context, keys("N"), "", "to the place before"},

		{Thinking, Chat, keys("i"), "thinking", "show or fold what was thought"},
		{Tools, Chat, keys("o"), "tools", "show or fold the calls of tools"},

		{ChangeNext, Compare, keys("]", "n"), "next change", "next difference"},
		{ChangePrev, Compare, keys("[", "N"), "", "previous difference"},
		{Equal, Compare, keys("-", "="), "equal", "fold or unfold what is equal"},
		{TextMode, Compare, keys("w"), "words", "compare texts by words or by lines"},
		{SwapSides, Compare, keys("o"), "", "the two sides change places"},

		{Play, Replaying, keys("space"), "play", "play or pause"},
		{StepOn, Replaying, keys("l", "right", "j", "down"), "step", "one step on"},
		{StepUp, Replaying, keys("h", "left", "k", "up"), "", "one step back"},
		{Faster, Replaying, keys("+", "]"), "faster", "faster: up to 100 times"},
		{Slower, Replaying, keys("_", "["), "slower", "slower: down to a tenth"},

		{Section, Pages, keys("c"), "section", "the next section of this page"},
		{Expand, Pages, keys("E"), "each run", "every run by itself, or added up by name"},
		{Refresh, Pages, keys("R"), "again", "look again: search once more, examine once more"},
		{Delete, Pages, keys("D", "delete"), "delete", "delete what is selected; asks first"},

		{PanelNext, Everywhere, keys("tab"), "pane", "next pane"},
		{PanelPrev, Everywhere, keys("shift+tab"), "", "previous pane"},
		{Panel1, Everywhere, keys("1"), "", "pane 1; a digit without a pane begins a count"},
		{Panel2, Everywhere, keys("2"), "", "pane 2"},
		{Panel3, Everywhere, keys("3"), "", "pane 3"},
		{Panel4, Everywhere, keys("4"), "", "pane 4"},
		{Larger, Everywhere, keys("+"), "", "more room for this pane: normal, half, full"},
		{Smaller, Everywhere, keys("_"), "", "less room"},
		{GoSessions, Everywhere, keys("g s"), "", "to the sessions"},
		{GoWall, Everywhere, keys("g w"), "", "the wall: what runs now, who needs you first"},
		{GoCost, Everywhere, keys("g c"), "cost", "what it cost: of the sessions shown, or of the opened one"},
		{GoErrors, Everywhere, keys("g x"), "", "errors and loops: of the sessions shown, or of the opened one"},
		{GoAgents, Everywhere, keys("g a"), "", "agents: runs, errors, times, cost of each"},
		{GoVariants, Everywhere, keys("g v"), "", "experiments: variants side by side"},
		{GoGraph, Everywhere, keys("g o"), "", "graph: who starts and calls whom"},
		{GoSearch, Everywhere, keys("g f", "g /"), "search", "search a text in all sessions"},
		{GoNotes, Everywhere, keys("g n", "A"), "", "notes, tags and marks"},
		{GoDoctor, Everywhere, keys("g d"), "", "doctor: what is found, what is not understood"},
		{Command, Everywhere, keys(":"), "command", "command by name; a number goes to that row, @+5m to that time"},
		{Palette, Everywhere, keys("ctrl+p"), "go to", "go to any session, page or command by a part of its name"},
		{UserCommand, Everywhere, keys(";"), "", "run a command of your own, from config.toml"},
		{Keys, Everywhere, keys("?"), "keys", "this list"},
		{Back, Everywhere, keys("esc", "backspace"), "back", "close the popup, or clear the filter, or go back"},
		{Close, Everywhere, keys("q"), "quit", "go back, and quit from the sessions"},
		{QuitNow, Everywhere, keys("ctrl+c"), "", "quit at once"},
		{Mouse, Everywhere, keys("f2"), "", "give the mouse back to the terminal, or take it"},
		{ThemeToggle, Everywhere, keys("ctrl+t"), "", "next theme: dark, light, for colour-blind eyes, 16 colours, none"},
		{Suspend, Everywhere, keys("ctrl+z"), "", "suspend"},
		{Redraw, Everywhere, keys("ctrl+l"), "", "draw the screen anew"},
	}
}

func keys(k ...string) []string { return k }
