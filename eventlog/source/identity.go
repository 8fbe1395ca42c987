package source

// identity tells a file from others of this machine, where the system does. All
// zero is a file of which nothing is known.
type identity struct {
	device, inode uint64
	changed       int64 // in nanoseconds since 1970
}

// plain returns a number of a system, whose types differ from machine to machine.
func plain[N ~int32 | ~uint32 | ~int64 | ~uint64](n N) uint64 { return uint64(n) }
