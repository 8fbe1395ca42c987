package dialect

// Save appends the state of the sessions and runs of a log.
func (b *bridge) Save(to []byte) ([]byte, bool) { return save(to, b.walk), true }

// Resume takes over what Save appended.
func (b *bridge) Resume(from []byte) bool { return resume(from, b.walk) }

func (b *bridge) walk(x *state) {
	walkMap(x, &b.sessions, x.text, func(s **bridgeSession) {
		if x.load {
			*s = &bridgeSession{}
		}
		(*s).walk(x)
	})
}

func (s *bridgeSession) walk(x *state) {
	x.flag(&s.named)
	walkList(x, &s.runs, func(r **bridgeRun) {
		if x.load {
			*r = &bridgeRun{}
		}
		(*r).walk(x)
	})
	if x.load && len(s.runs) > manyBridgeRuns {
		s.index()
	}
	s.nest.walk(x)
}

func (r *bridgeRun) walk(x *state) {
	x.texts(&r.id, &r.agent, &r.provider, &r.model)
	x.flag(&r.done)
	x.stamp(&r.last)
	walkNumber(x, &r.number)
	walkMap(x, &r.calls, x.text, func(ids *[]string) { walkList(x, ids, x.text) })
}

func (n *nesting) walk(x *state) {
	walkNumber(x, &n.number)
	walkMap(x, &n.runs, x.text, x.flag)
	many := n.byKey != nil
	if x.flag(&many); !many {
		walkList(x, &n.open, x.call)
		return
	}
	n.walkMaps(x)
}

// call goes through one call.
func (x *state) call(c **openCall) {
	if x.load {
		*c = &openCall{}
	}
	x.texts(&(*c).run, &(*c).call, &(*c).name, &(*c).child)
	walkNumber(x, &(*c).task)
	walkNumber(x, &(*c).number)
	x.flag(&(*c).closed)
}

// walkMaps goes through the calls first, and then through which of them each table has.
func (n *nesting) walkMaps(x *state) {
	var calls []*openCall
	numbers := map[*openCall]int{}
	note := func(list []*openCall) {
		for _, c := range list {
			if _, ok := numbers[c]; !ok {
				numbers[c] = len(calls)
				calls = append(calls, c)
			}
		}
	}
	for _, list := range n.byName {
		note(list)
	}
	for _, list := range n.byTask {
		note(list)
	}
	for _, c := range n.byKey {
		note([]*openCall{c})
	}
	walkList(x, &calls, x.call)
	one := func(c **openCall) {
		i := numbers[*c]
		walkNumber(x, &i)
		switch {
		case !x.load:
		case i < 0 || i >= len(calls):
			x.fail()
		default:
			*c = calls[i]
		}
	}
	list := func(l *[]*openCall) { walkList(x, l, one) }
	if x.load {
		n.toMaps()
	}
	walkMap(x, &n.byKey, func(k *callKey) { x.texts(&k.run, &k.call) }, one)
	walkMap(x, &n.byName, x.text, list)
	walkMap(x, &n.byTask, func(task *uint64) { walkNumber(x, task) }, list)
}
