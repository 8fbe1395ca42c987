package cmd

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/lazytrace/lazytrace/recorder/capture/raw"
	"github.com/lazytrace/lazytrace/recorder/command"
	"github.com/lazytrace/lazytrace/redact"
)

// keepRaw has output kept as it is when that was asked for. It comes last of what is
// opened, so that a run that is refused leaves no file.
func (o *runOptions) keepRaw(c *command.Options) error {
	if o.raw == "" {
		return nil
	}
	if !c.Capture.Auto && !c.Capture.Stdout && !c.Capture.Terminal {
		return errors.New("--raw keeps output that is captured, and --capture none captures none: give one of them")
	}
	var mask *redact.Redactor
	if !o.redact.unsafe {
		if o.redact.command != "" {
			return errors.New("--redact-cmd masks events, and --raw makes none of the output: give one of them")
		}
		var err error
		if mask, _, err = o.redact.redactor(); err != nil {
			return err
		}
	}
	path, err := filepath.Abs(o.raw)
	if err != nil {
		return fmt.Errorf("--raw: %w", err)
	}
	if c.Raw, err = raw.Create(path, mask); err != nil {
		return fmt.Errorf("--raw: %w", err)
	}
	return nil
}
