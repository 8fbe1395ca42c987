//go:build !linux

package alive

// markOf tells nothing: here the system is not asked, and a session whose
// recorder was killed is known by its silence.
func markOf(int) string { return "" }

func gone(int, string) bool { return false }
