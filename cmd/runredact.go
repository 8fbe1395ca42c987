package cmd

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/recorder/pipeline"
	"github.com/lazytrace/lazytrace/redact"
	"github.com/lazytrace/lazytrace/redact/external"
)

// redactFlags are the flags that say what is masked, as they were written.
type redactFlags struct {
	sets    []string
	rules   []string
	only    bool
	command string
	onError string // of run alone
	unsafe  bool   // of run alone
	changed func(flag string) bool
}

func (o *redactFlags) add(c *cobra.Command) {
	o.addRules(c)
	c.Flags().StringVar(&o.command, "redact-cmd", "", "have a program of yours mask each text as well: `command` line")
}

// addRules adds the flags that say by which rules something is a secret.
func (o *redactFlags) addRules(c *cobra.Command) {
	f := c.Flags()
	o.changed = f.Changed
	f.StringSliceVar(&o.sets, "redact", nil, "mask personal data besides secrets: pii, or of it "+strings.Join(redact.PersonalKinds(), ", "))
	f.StringArrayVar(&o.rules, "redact-rule", nil, "also mask what matches, as `name=regex` (repeatable)")
	f.BoolVar(&o.only, "redact-only", false, "mask what the other flags name, and not the usual secrets")
}

// addRun adds the flags that only a recording has.
func (o *redactFlags) addRun(c *cobra.Command) {
	o.add(c)
	f := c.Flags()
	f.StringVar(&o.onError, "redact-on-error", "strict", "an event that cannot be redacted is dropped (strict) or kept without its body (fallback)")
	f.BoolVar(&o.unsafe, "unsafe-log-payloads", false, "store payloads without redacting secrets")
}

func (o *redactFlags) given(name string) bool { return o.changed != nil && o.changed(name) }

// check refuses flags that contradict each other.
func (o *redactFlags) check() error {
	if o.unsafe {
		for _, name := range []string{"redact", "redact-rule", "redact-only", "redact-cmd", "redact-on-error"} {
			if o.given(name) {
				return fmt.Errorf("--unsafe-log-payloads masks nothing and --%s asks for masks: give one of them", name)
			}
		}
	}
	if o.given("redact-cmd") && strings.TrimSpace(o.command) == "" {
		return errors.New("--redact-cmd is empty: a command line is expected")
	}
	if o.only && slices.Contains(o.sets, "secrets") {
		return errors.New("--redact-only leaves the usual secrets out and --redact secrets asks for them: give one of them")
	}
	if o.only && len(o.sets)+len(o.rules) == 0 && o.command == "" {
		return errors.New("--redact-only would mask nothing: add --redact-rule, --redact or --redact-cmd, or say --unsafe-log-payloads")
	}
	return nil
}

// options makes options of the flags. Secrets are masked whatever is named
// besides them: only --redact-only leaves them out.
func (o *redactFlags) options() (opt redact.Options, err error) {
	opt.Only = o.only
	if o.given("redact") && len(o.sets) == 0 {
		return opt, fmt.Errorf("--redact is empty: secrets, pii, %s", strings.Join(redact.PersonalKinds(), ", "))
	}
	for _, set := range o.sets {
		switch set = strings.TrimSpace(set); {
		case set == "secrets":
		case set == "pii":
			opt.PII = true
		case slices.Contains(redact.PersonalKinds(), set):
			opt.Personal = append(opt.Personal, set)
		default:
			return opt, fmt.Errorf("--redact: %q is not secrets, pii, %s", set, strings.Join(redact.PersonalKinds(), ", "))
		}
	}
	for _, rule := range o.rules {
		name, pattern, ok := strings.Cut(rule, "=")
		if !ok || pattern == "" {
			return opt, fmt.Errorf("--redact-rule %q: name=regex is expected", rule)
		}
		opt.Rules = append(opt.Rules, redact.Rule{Name: name, Pattern: pattern})
	}
	return opt, nil
}

// redactor makes what the flags ask for. The program is nil unless there is one
// to ask, and is the caller's to close.
func (o *redactFlags) redactor() (*redact.Redactor, *external.Program, error) {
	if err := o.check(); err != nil {
		return nil, nil, err
	}
	opt, err := o.options()
	if err != nil {
		return nil, nil, err
	}
	r, err := redact.New(opt)
	if err != nil {
		return nil, nil, fmt.Errorf("--redact-rule: %w", err)
	}
	if o.command == "" {
		return r, nil, nil
	}
	return r, external.New(o.command, r), nil
}

// pipeline fills in how a recording masks. The program, if there is one, is the
// caller's to close when the recording has ended.
func (o *redactFlags) pipeline(p *pipeline.Options) (program *external.Program, err error) {
	if p.OnError, err = pipeline.ParseRedactFailure(o.onError); err != nil {
		return nil, fmt.Errorf("--redact-on-error: %w", err)
	}
	r, program, err := o.redactor()
	switch {
	case err != nil:
		return nil, err
	case o.unsafe:
	case program != nil:
		p.Redactor = program
	default:
		p.Redactor = r
	}
	return program, nil
}

// endMasker ends the program of --redact-cmd and says in one line if it failed.
func (o *runOptions) endMasker() {
	if o.masker == nil {
		return
	}
	_ = o.masker.Close()
	if err := o.masker.Fault(); err != nil {
		fmt.Fprintf(os.Stderr, "lazytrace: --redact-cmd: %s\n", escape.Line(err.Error()))
	}
}
