// Package external masks texts by a program of the user's, behind what package
// redact finds.
//
// The program lives as long as the recording. It reads one JSON object a line,
//
//	{"id":7,"key":"arguments","text":"..."}
//
// and answers each, in order, with a line of its own that has the same id and
// the text as it may be kept:
//
//	{"id":7,"text":"..."}
//
// Each string of an event is one text, decoded, so that nothing the program
// answers can break the JSON around it. Other members of an answer mean
// nothing. A program that ends, takes too long or answers anything else has
// failed for the event, and nothing of the event is let through.
package external
