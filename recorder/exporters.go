package recorder

import (
	"context"
	"errors"
	"fmt"

	"github.com/lazytrace/lazytrace/recorder/pipeline"
)

// What AddExporter and RemoveExporter answer.
var (
	ErrExporterKnown = pipeline.ErrExporterKnown
	ErrNoExporter    = pipeline.ErrExporterUnknown
)

// AddExporter gives all later events to x as well, behind the exporters that are
// there. Events that wait in the queue at this moment are given to it too. The
// session closes it.
func (s *Session) AddExporter(x Exporter) error {
	switch {
	case s == nil:
		return nil
	case x == nil:
		return errors.New("add an exporter: it is nil")
	case s.ended():
		return ErrClosed
	}
	if err := s.engine.pipe.AddExporter(x); err != nil {
		return fmt.Errorf("add an exporter (%T): %w", x, err)
	}
	return nil
}

// RemoveExporter gives what was emitted before to x, then nothing more, and
// closes it.
func (s *Session) RemoveExporter(x Exporter) error {
	if s == nil {
		return nil
	}
	err := s.Flush(context.Background())
	if failed := s.engine.pipe.RemoveExporter(x); failed != nil {
		return fmt.Errorf("remove an exporter (%T): %w", x, failed)
	}
	return err
}

// closeAll closes exporters that no pipeline took over.
func closeAll(list []Exporter) {
	for _, x := range list {
		if x != nil {
			_ = x.Close() // there is a better error
		}
	}
}
