package jsonl_test

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

func ExampleFields() {
	line := []byte(`{"event_type": "model_response", "cost": NaN, "payload": {"text": "hi"}}`)
	err := jsonl.Fields(line, func(key, value []byte) bool {
		fmt.Printf("%s: %v\n", key, jsonl.KindOf(value))
		return true
	})
	fmt.Println(err)
	// Output:
	// event_type: string
	// cost: not a number
	// payload: object
	// <nil>
}

func ExampleLines() {
	lines := jsonl.NewLines(strings.NewReader("{\"id\": 1}\n\n{\"id\": 2}\n{\"id\""), jsonl.LinesOptions{})
	for {
		line, err := lines.Next(context.Background())
		if err == io.EOF {
			break
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%d: %s\n", line.Pos, line.Body)
	}
	if r, ok := lines.Pending(); ok {
		fmt.Printf("%d: %s is pending\n", r.Pos, r.Body)
	}
	// Output:
	// 0: {"id": 1}
	// 11: {"id": 2}
	// 21: {"id" is pending
}
