package cmd

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/recorder/command"
	"github.com/lazytrace/lazytrace/recorder/export"
	"github.com/lazytrace/lazytrace/recorder/pipeline"
)

// exportFlags say where events go besides the store. The exporters are given
// events in the order in which their flags stand on the command line.
type exportFlags struct {
	list    []exportFlag
	style   string
	headers []string
}

// exportFlag is an exporter as a flag names it.
type exportFlag struct {
	flag string // how it was written, for errors
	text string // as export.Parse reads it
}

// styled reports whether --console-style says how the exporter looks.
func (f exportFlag) styled() bool { return f.text == "console" && f.flag != "--export" }

// register adds the flags.
func (x *exportFlags) register(c *cobra.Command) {
	f := c.Flags()
	f.Var(&exportValue{x: x, flag: "--jsonl", kind: "json:"}, "jsonl", "also append events to this file, one JSON object a line")
	console := f.VarPF(&exportValue{x: x, flag: "--console", kind: "console", alone: true}, "console", "", "also print events on stderr")
	console.NoOptDefVal = "true"
	f.StringVar(&x.style, "console-style", "", "print events on stderr as LazyBridge does (plain) or for reading along (pretty)")
	f.Var(&exportValue{x: x, flag: "--export"}, "export", "also give events to `KIND[:ARG]`: "+strings.Join(export.Kinds(), ", ")+" (repeatable)")
	f.Var(&exportValue{x: x, flag: "--otlp", kind: "otlp:"}, "otlp", "also send spans of OpenTelemetry to this `URL` (repeatable)")
	f.StringArrayVar(&x.headers, "otlp-header", nil, "`name=value` to send with spans (repeatable)")
}

// any reports whether it was said where events go.
func (x *exportFlags) any() bool { return len(x.list) > 0 }

// prints reports whether events are printed.
func (x *exportFlags) prints() bool {
	return slices.ContainsFunc(x.list, func(f exportFlag) bool { return f.text == "console" })
}

// console adds the exporter of --console.
func (x *exportFlags) console() {
	x.list = append(x.list, exportFlag{"-v", "console"})
}

// exportValue is a flag that adds an exporter each time it is given.
type exportValue struct {
	x     *exportFlags
	flag  string
	kind  string // what the flag stands for
	alone bool   // the flag has no value but true or false
}

func (v *exportValue) String() string { return "" }

func (v *exportValue) Type() string {
	if v.alone {
		return "bool"
	}
	return "string"
}

func (v *exportValue) Set(text string) error {
	if !v.alone {
		v.x.list = append(v.x.list, exportFlag{v.flag, v.kind + text})
		return nil
	}
	v.x.list = slices.DeleteFunc(v.x.list, func(f exportFlag) bool { return f.flag == v.flag })
	on, err := strconv.ParseBool(text)
	if on {
		v.x.list = append(v.x.list, exportFlag{v.flag, v.kind})
	}
	return err
}

// open makes the exporters. Where nothing else stores, the first file of JSON
// lines does, and acknowledgements are its. What cannot be opened is a sink that
// fails: the command runs all the same.
func (x *exportFlags) open(c *command.Options) error {
	settings, err := x.settings(c.Version)
	if err != nil {
		return err
	}
	list := x.list
	if x.style != "" && !slices.ContainsFunc(list, exportFlag.styled) {
		list = append(slices.Clip(list), exportFlag{"--console-style", "console"})
	}
	for _, f := range list {
		if path, ok := export.JSONFile(f.text); ok && c.Open == nil {
			c.Open = func(context.Context) (pipeline.Store, error) {
				j, err := export.OpenJSONL(path)
				if err != nil {
					return nil, err // and no interface that holds nothing
				}
				return j, nil
			}
			continue
		}
		text := f.text
		if f.styled() {
			text = strings.TrimSuffix(text+":"+x.style, ":")
		}
		exporter, err := export.Parse(text, settings)
		if err != nil {
			return fmt.Errorf("%s: %w", f.flag, err)
		}
		c.Exporters = append(c.Exporters, exporter)
	}
	return nil
}

func (x *exportFlags) settings(version string) (s export.Settings, err error) {
	if x.style != "" && x.style != "plain" && x.style != "pretty" {
		return s, fmt.Errorf("--console-style: %q is not plain or pretty", x.style)
	}
	s = export.Settings{Out: os.Stderr, Getenv: os.Getenv, Version: version}
	if s.Headers, err = pairs("--otlp-header", x.headers); err != nil {
		// A value that stands there alone may be a secret.
		return s, fmt.Errorf("--otlp-header: name=value is expected")
	}
	if len(s.Headers) > 0 && !slices.ContainsFunc(x.list, func(f exportFlag) bool { return strings.Contains(f.text, "otlp") }) {
		return s, fmt.Errorf("--otlp-header: nothing is sent; --otlp URL says where to")
	}
	if fd := os.Stderr.Fd(); term.IsTerminal(fd) {
		s.Pretty.Color = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && (runtime.GOOS != "windows" || os.Getenv("WT_SESSION") != "")
		if width, _, err := term.GetSize(fd); err == nil {
			s.Pretty.Width = width
		}
	}
	return s, nil
}
