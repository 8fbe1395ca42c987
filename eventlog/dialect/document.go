package dialect

import "github.com/lazytrace/lazytrace/eventlog/jsonl"

// Documenter is a dialect whose segments are documents, or may be: files that
// hold one JSON value and are written anew as a whole. A document is cut into
// records. A value at the top, without its lists, is a record with the Table 0;
// the elements of its lists, which follow it, have the number of their list,
// counted from 1. Values at the top may follow each other or stand in an array.
//
// A dialect that is none may still be read from a document: the values at the
// top are then what lines are in a log.
type Documenter interface {
	// Lists returns the lists whose elements are records, as the keys that lead
	// to each with slashes between them, and whether the segment is a document.
	Lists(h *Head) (lists []string, is bool)
}

// Archiver is a dialect whose segments may be archives that hold a document in
// several members.
type Archiver interface {
	Documenter
	// Members picks the members to be read, in the order in which they are.
	Members(names []string) []Member
}

// Member is a member of an archive. What it holds is the document itself or,
// where As names one of its lists, an element of that list.
type Member struct{ Name, As string }

// IsArchive reports whether the segment is an archive.
func (h *Head) IsArchive() bool { return h.Members != nil }

// members calls fn for each member of the first value at the top of a document.
// The last one may not be there to its end.
func (h *Head) members(fn func(key, value []byte)) {
	eachBegun(topOf(h.Text), fn)
}

// topOf returns the text from the first value at the top on.
func topOf(text []byte) []byte {
	text = trimSpace(text)
	if len(text) > 0 && text[0] == '[' {
		text = trimSpace(text[1:])
	}
	return text
}

// firstElement returns the first element of an array that may not be there to
// its end.
func firstElement(array []byte) []byte {
	if len(array) == 0 || array[0] != '[' {
		return nil
	}
	return trimSpace(array[1:])
}

// eachBegun calls fn for each member of an object that may not be there to its
// end.
func eachBegun(object []byte, fn func(key, value []byte)) {
	jsonl.Begun(object, func(key, value []byte) bool {
		fn(key, value)
		return true
	})
}

func trimSpace(text []byte) []byte {
	for len(text) > 0 && (text[0] == ' ' || text[0] == '\t' || text[0] == '\r' || text[0] == '\n' || text[0] == 0) {
		text = text[1:]
	}
	return text
}

func isArray(value []byte) bool { return len(value) > 0 && value[0] == '[' }
