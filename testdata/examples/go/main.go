// A small agent that records itself with package recorder:
//
//	go run ./testdata/examples/go              # prints what it does
//	go run ./testdata/examples/go events.sqlite
//	lazytrace run -- go run ./testdata/examples/go
//
// Its model is a function of this file. Inside of a recording its session becomes
// a child of the command's.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/lazytrace/lazytrace/recorder"
)

func main() {
	options := recorder.Options{Name: "look around", Goal: "say what is in the folder"}
	switch {
	case len(os.Args) > 1:
		options.DB = os.Args[1]
	case os.Getenv("LAZYTRACE_SESSION") == "":
		options.Console = true
	}
	// An agent works without a recorder too: a nil session records nothing.
	session, err := recorder.NewSession(options)
	if err != nil {
		fmt.Fprintln(os.Stderr, "go-agent: not recorded:", err)
	}
	answer, err := agent(recorder.NewContext(context.Background(), session))
	session.Fail(err)
	if err := session.Close(); err != nil {
		fmt.Fprintln(os.Stderr, "go-agent: the recording is not complete:", err)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "go-agent:", err)
		os.Exit(1)
	}
	fmt.Println("go-agent:", answer)
}

// agent asks the model, uses its tools, and has a sub-agent count.
func agent(ctx context.Context) (answer string, err error) {
	ctx, run := recorder.StartRun(ctx, "go-agent", "look around")
	defer func() { run.Finish(answer, err) }()
	ask(run, "I will look at the folder.", recorder.Tokens{Input: 300, Output: 30}, 0.003)

	_, list := run.ToolCall(ctx, "list_files", map[string]string{"path": "."})
	files, err := os.ReadDir(".")
	list.Finish(fmt.Sprintf("%d files", len(files)), err)
	if err != nil {
		return "", err
	}

	// A tool that fails is no reason to give up.
	_, read := run.ToolCall(ctx, "read_file", map[string]string{"path": "/no/such/file"})
	text, err := os.ReadFile("/no/such/file")
	read.Finish(string(text), err)

	// What is started under the context of a call stands below it.
	inside, call := run.ToolCall(ctx, "count", map[string]string{"task": "count the files"})
	count := counter(inside, len(files))
	call.Finish(count, nil)
	return fmt.Sprintf("there are %s files", count), nil
}

// counter is a sub-agent. It is told nothing of who started it.
func counter(ctx context.Context, n int) string {
	_, run := recorder.StartRun(ctx, "go-counter", "count the files")
	answer := fmt.Sprint(n)
	ask(run, answer, recorder.Tokens{Input: 50, Output: 5}, 0.0005)
	run.Finish(answer, nil)
	return answer
}

// ask is the model.
func ask(run *recorder.Run, answer string, tokens recorder.Tokens, dollars float64) {
	call := run.ModelCall("scripted", "scripted-small")
	call.Finish(recorder.Response{Text: answer, Tokens: tokens, Cost: recorder.USD(dollars)}, nil)
}
