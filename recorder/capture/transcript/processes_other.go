//go:build !linux

package transcript

// running knows no processes: this system is not asked.
func (p *processes) running() []process { return nil }

func (a process) has(string) bool { return false }
