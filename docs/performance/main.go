// Command performance measures lazytrace beside its peers, on one machine and in one
// run, and prints ratios: machines differ and drift, and a ratio does so least.
//
//	make compare
//	make compare ONLY="indexed keys" SIZE=100M
//
// Logs are made by tracegen, and terminal programs are timed by tuibench.py; both are
// in the folder of test material beside the project. Without it nothing is measured.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

// group is a number of rows that are measured together.
type group struct {
	name    string
	measure func(*suite) error
}

var groups = []group{
	{"start", start},
	{"first-rows", firstRows},
	{"indexed", indexed},
	{"memory", memory},
	{"claude-tree", claudeTree},
	{"second-start", secondStart},
	{"filter", filter},
	{"search", search},
	{"sqlite", database},
	{"record", record},
	{"follow", follow},
	{"recorder", recorder},
	{"proxy", proxy},
	{"keys", keys},
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

func run() error {
	var names []string
	for _, g := range groups {
		names = append(names, g.name)
	}
	s := newSuite()
	only := flag.String("only", "", "measure these rows alone, of "+strings.Join(names, ","))
	size := flag.String("size", "1G", "size of the logs: the goals are meant for 1G")
	asJSON := flag.Bool("json", false, "print JSON")
	shared := flag.String("shared", "", "folder of the test material (default: shared, beside the project)")
	flag.IntVar(&s.runs, "runs", 3, "how often each figure is measured; its median counts")
	flag.StringVar(&s.npm, "npm", os.Getenv("LAZYTRACE_COMPARE_NPM"), "folder whose node_modules holds ccusage and @duckdb/node-api")
	flag.StringVar(&s.lazytrace, "lazytrace", "", "the lazytrace to measure (default: it is built)")
	flag.IntVar(&s.seconds, "seconds", 60, "how long 20,000 events a second are followed")
	flag.Parse()
	if flag.NArg() > 0 {
		return fmt.Errorf("%s is no flag; -only takes names of rows, -h lists everything", flag.Arg(0))
	}
	wanted := map[string]bool{}
	for name := range strings.FieldsFuncSeq(*only, func(r rune) bool { return r == ',' || r == ' ' }) {
		wanted[name] = true
	}
	all := len(wanted) == 0
	var todo []group
	for _, g := range groups {
		if all || wanted[g.name] {
			todo = append(todo, g)
		}
		delete(wanted, g.name)
	}
	for name := range wanted {
		return fmt.Errorf("there is no row %s; there are %s", name, strings.Join(names, ", "))
	}
	if err := s.prepare(*shared, *size); errors.Is(err, errNoMaterial) {
		fmt.Println("compare:", err)
		return nil
	} else if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(s.temp) }()
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-interrupted
		_ = os.RemoveAll(s.temp)
		os.Exit(130)
	}()
	failed := 0
	for _, g := range todo {
		s.group = g.name
		s.say("")
		if err := g.measure(s); err != nil {
			failed++
			s.add(Row{Name: "all", Skipped: "failed: " + err.Error()})
		}
	}
	if *asJSON {
		if err := s.report.json(os.Stdout); err != nil {
			return err
		}
	} else {
		s.report.text(os.Stdout)
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d groups could not be measured to their end", failed, len(todo))
	}
	return nil
}

// errNoMaterial says that there is nothing to measure with.
var errNoMaterial = errors.New("skipped, the folder of test material is not beside the project")

// root is the folder of the project, seen from where the program was started.
func root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for at := dir; ; at = filepath.Dir(at) {
		text, err := os.ReadFile(filepath.Join(at, "go.mod"))
		if err == nil && strings.HasPrefix(string(text), "module github.com/lazytrace/lazytrace\n") {
			return at, nil
		}
		if at == filepath.Dir(at) {
			return "", fmt.Errorf("%s is not in the source of lazytrace: start it there", dir)
		}
	}
}
