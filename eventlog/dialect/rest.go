package dialect

// Rest lets go of parts of the last record, a block of the file each.
func (c *claude) Rest()  { c.r = claudeRecord{} }
func (c *codex) Rest()   { c.r = codexRecord{} }
func (c *copilot) Rest() { c.r = copilotRecord{} }
func (g *gemini) Rest()  { g.r = geminiRecord{} }
func (p *pi) Rest()      { p.r = piRecord{} }
