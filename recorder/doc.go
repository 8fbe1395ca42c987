// Package recorder is what a Go program records itself with.
package recorder
