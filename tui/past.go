package tui

// past is the filters that were in force before the one that is.
type past struct{ queries []string }

// Remember keeps a filter that was left.
func (p *past) Remember(query string) {
	const most = 50
	p.queries = append(p.queries, query)
	p.queries = p.queries[max(0, len(p.queries)-most):]
}

// last takes the filter that was in force before.
func (p *past) last() (string, bool) {
	n := len(p.queries)
	if n == 0 {
		return "", false
	}
	query := p.queries[n-1]
	p.queries = p.queries[:n-1]
	return query, true
}
