package dialect

import "github.com/lazytrace/lazytrace/eventlog"

// Save appends what the next line of a transcript needs.
func (c *claude) Save(b []byte) ([]byte, bool) { return save(b, c.walk), true }

// Resume takes over what Save appended.
func (c *claude) Resume(b []byte) bool { return resume(b, c.walk) }

func (c *claude) walk(x *state) {
	x.texts(&c.session, &c.agent, &c.agentType, &c.workflow, &c.parentCall, &c.message, &c.aimed)
	x.flags(&c.named, &c.linked, &c.inferred, &c.forked, &c.broken)
	walkNumber(x, &c.content)
	walkMap(x, &c.last, x.text, x.stamp)
	walkMap(x, &c.requests, x.text, x.stamp)
	walkMap(x, &c.sides, x.text, x.text)
	walkMap(x, &c.tasks, x.text, x.text)
}

// Save appends what the next record of a rollout needs. While a turn that failed has
// not ended, that is the words of the failure, which are not stored.
func (c *codex) Save(b []byte) ([]byte, bool) {
	if c.failure != "" {
		return b, false
	}
	return save(b, c.walk), true
}

// Resume takes over what Save appended.
func (c *codex) Resume(b []byte) bool { return resume(b, c.walk) }

func (c *codex) walk(x *state) {
	c.own.walk(x)
	walkList(x, &c.metas, func(t *thread) { t.walk(x) })
	x.texts(&c.agent, &c.provider, &c.model, &c.turn, &c.awaited, &c.payer)
	x.flags(&c.told, &c.known, &c.tasks, &c.asked, &c.billed, &c.heard, &c.records, &c.counted)
	x.stamps(&c.opened, &c.copied, &c.started, &c.last)
	walkNumber(x, &c.mode)
	walkNumber(x, &c.number)
	walkMap(x, &c.calls, x.text, func(call *codexCall) {
		x.text(&call.tool)
		x.flag(&call.failed)
	})
	walkMap(x, &c.unnamed, x.identity, func(n *int) { walkNumber(x, n) })
	c.before.walk(x)
	c.paid.walk(x)
	x.identity(&c.payment)
}

func (t *thread) walk(x *state) {
	x.texts(&t.id, &t.parent, &t.forkOf, &t.session, &t.nickname, &t.role)
	x.stamp(&t.began)
	x.flag(&t.based)
}

func (n *codexCount) walk(x *state) {
	for _, v := range [...]*int64{&n.input, &n.cached, &n.written, &n.output, &n.reasoning, &n.total} {
		walkNumber(x, v)
	}
}

// Save appends what the next line of a chat needs.
func (g *gemini) Save(b []byte) ([]byte, bool) { return save(b, g.walk), true }

// Resume takes over what Save appended.
func (g *gemini) Resume(b []byte) bool { return resume(b, g.walk) }

func (g *gemini) walk(x *state) {
	x.texts(&g.session, &g.root, &g.run, &g.agent)
	x.flags(&g.named, &g.linked, &g.broken)
	x.stamps(&g.last, &g.now)
	walkMap(x, &g.told, x.text, x.flag)
}

// Save appends what the next line of a session needs.
func (p *pi) Save(b []byte) ([]byte, bool) { return save(b, p.walk), true }

// Resume takes over what Save appended.
func (p *pi) Resume(b []byte) bool { return resume(b, p.walk) }

func (p *pi) walk(x *state) {
	x.text(&p.session)
	x.stamps(&p.began, &p.now)
	walkNumber(x, &p.ended)
	x.flag(&p.broken)
	if p.ended > eventlog.Cancelled {
		x.fail()
	}
}
