package eventlog

// Count returns how many calls the bill is for.
func (b Bill) Count() int64 {
	if b.Void {
		return 0
	}
	return max(1, b.Calls)
}

// With returns what two records of one call come to, whichever came first.
func (b Bill) With(other Bill) Bill { return larger(b, other) }

// void takes everything off a bill that turned out to be the sum of others.
func (b Bill) void() Bill {
	return Bill{Call: b.Call, Request: b.Request, Rule: b.Rule, Side: b.Side, Copied: b.Copied, Final: true, Void: true}
}

// larger returns the better of two records of one call: the one that counts
// more tokens, and among equals the one with a cost.
func larger(a, b Bill) Bill {
	if a.Void || b.Void {
		return a.void()
	}
	at, bt := a.Usage.Total(), b.Usage.Total()
	calls := max(a.Calls, b.Calls)
	switch {
	case at != bt:
		if bt > at {
			a, b = b, a
		}
	case a.Source == Unpriced && b.Source != Unpriced, a.Source == b.Source && b.Cost > a.Cost, a.Side && !b.Side:
		a, b = b, a
	}
	if at == bt {
		a.AtLeast = a.AtLeast && b.AtLeast // one of them knows
	}
	a.Calls = calls
	a.Side = a.Side && b.Side
	a.Copied = a.Copied && b.Copied
	return a
}
