// Command serve runs the scripted provider by itself, for trying an agent by
// hand: it prints where it listens, and when it is interrupted it writes its
// ledger and goes.
//
//	go run ./recorder/capture/provider/scripted/serve -scripts FILE -ledger FILE
package main

import (
	"flag"
	"fmt"
	"os"
	"os/signal"

	"github.com/lazytrace/lazytrace/recorder/capture/provider/scripted"
)

func main() {
	scripts := flag.String("scripts", "", "a file of scripts, in JSON")
	ledger := flag.String("ledger", "", "where to write what was served, in JSON")
	flag.Parse()
	if err := run(*scripts, *ledger); err != nil {
		fmt.Fprintln(os.Stderr, "serve:", err)
		os.Exit(1)
	}
}

func run(scripts, ledger string) error {
	var s scripted.Scripts
	if scripts != "" {
		var err error
		if s, err = scripted.Load(scripts); err != nil {
			return err
		}
	}
	server, err := scripted.Serve(s)
	if err != nil {
		return err
	}
	fmt.Println(server.URL)
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt)
	<-stop
	if err := server.Close(); err != nil {
		return err
	}
	if ledger == "" {
		return nil
	}
	return scripted.Write(ledger, server.Ledger())
}
