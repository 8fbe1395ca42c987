package eventlog

// Usage counts the tokens of one or more model calls. Input, CacheRead,
// CacheWrite5m, CacheWrite1h and Output are disjoint; Reasoning is part of
// Output and is never added to a total.
type Usage struct {
	Input        int64
	CacheRead    int64
	CacheWrite5m int64
	CacheWrite1h int64
	Output       int64
	Reasoning    int64
}

// Add adds v to u.
func (u *Usage) Add(v Usage) {
	u.Input += v.Input
	u.CacheRead += v.CacheRead
	u.CacheWrite5m += v.CacheWrite5m
	u.CacheWrite1h += v.CacheWrite1h
	u.Output += v.Output
	u.Reasoning += v.Reasoning
}

// Context is what the call read: new input and everything from or into the
// cache.
func (u Usage) Context() int64 {
	return u.Input + u.CacheRead + u.CacheWrite5m + u.CacheWrite1h
}

// Total is the sum of the five disjoint counts.
func (u Usage) Total() int64 { return u.Context() + u.Output }

// HitRate is the share of the context that came from the cache, from 0 to 1.
func (u Usage) HitRate() float64 {
	if c := u.Context(); c > 0 {
		return float64(u.CacheRead) / float64(c)
	}
	return 0
}
