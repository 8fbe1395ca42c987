// Package source finds logs and reads them: paths, or nothing at all, become a
// live set of summaries, and a session that somebody opens becomes a log. It
// tells the format of a segment by its content, decodes with the dialect that
// knows it, and follows what grows. Foreign files are only ever read.
package source
