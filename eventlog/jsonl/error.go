package jsonl

import (
	"errors"
	"fmt"
)

// ErrSyntax is what every error about a text that is not JSON wraps.
var ErrSyntax = errors.New("not JSON")

// SyntaxError tells where a text stops being what it should be.
type SyntaxError struct {
	Offset  int    // in the text that was given
	Problem string // what is wrong there
}

// Error returns the problem and where it is.
func (e *SyntaxError) Error() string { return fmt.Sprintf("%s at byte %d", e.Problem, e.Offset) }

// Unwrap returns ErrSyntax.
func (e *SyntaxError) Unwrap() error { return ErrSyntax }

func refuse(offset int, problem string) error {
	return &SyntaxError{Offset: offset, Problem: problem}
}
