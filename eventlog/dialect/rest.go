package dialect

// Rest lets go of parts of the last record, a block of the file each.
func (b *bridge) Rest()  { b.f, b.lines = flat{}, outliner{} }
func (c *claude) Rest()  { c.r, c.lines = claudeRecord{}, outliner{} }
func (c *codex) Rest()   { c.r, c.p, c.lines = codexRecord{}, codexPayload{}, outliner{} }
func (c *copilot) Rest() { c.r = copilotRecord{} }
func (g *gemini) Rest()  { g.r = geminiRecord{} }
func (p *pi) Rest()      { p.r = piRecord{} }
