package eventlog

import "time"

// Exchange is a request that a program made to a model provider with the answer
// that it got, kept so that it can be answered again without the provider. All of
// it was masked before it was kept.
type Exchange struct {
	ID        string // of the call: call_id of its events
	SessionID string
	Door      string // the provider, as addresses of the proxy name it
	API       string // how the model is called; "" for what calls none
	Model     string
	Stream    bool
	Method    string
	Path      string

	// Exact and Loose tell requests from others: hashes of what they ask, and of
	// what is left of it without times, ids and folders that differ in each run.
	Exact, Loose string
	Request      []byte // what it asks, canonical; packed with gzip

	Status int
	Header map[string]string // the few that matter to clients
	Answer []byte            // the body, as it was sent; packed with gzip
	Pieces []Piece           // in which it came
	Masked bool              // the answer held secrets: it is not byte for byte what was sent
	Torn   bool              // the answer broke off

	Began, Ended Stamp
}

// Piece is a piece of an answer.
type Piece struct {
	End   int64         // where it ends, in bytes of the body
	After time.Duration // how long after the request it came
}
