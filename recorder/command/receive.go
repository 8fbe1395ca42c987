package command

import (
	"context"
	"fmt"
	"strings"

	"github.com/lazytrace/lazytrace/recorder/capture/receiver"
	"github.com/lazytrace/lazytrace/recorder/origin"
)

// receive opens the receiver, if a layer asks for it, and tells the program by
// its environment, or by its arguments, which it returns. Without one nothing
// listens.
func (r *recording) receive(args []string, settings map[string]string) []string {
	capture := r.opts.Capture
	if !capture.HTTP && !capture.Telemetry {
		return args
	}
	server, err := receiver.Listen(context.WithoutCancel(r.ctx), r.gate, receiver.Options{
		Events: capture.HTTP, Telemetry: capture.Telemetry, Run: r.run, Layers: r.known,
	})
	if err != nil {
		r.notices.add(fmt.Sprintf("nothing can be sent to this recording over HTTP: %v", err))
		return args
	}
	r.receiver = server
	if capture.HTTP {
		r.layers = append(r.layers, "http")
		settings[origin.EnvURL], settings[origin.EnvToken] = server.URL(), server.Token()
	}
	if capture.Telemetry {
		r.layers = append(r.layers, "otlp")
		if replaced := telemetry(settings, args, r.opts.Env, server.URL(), server.Token()); len(replaced) > 0 {
			r.notices.add("the telemetry of this command goes into the recording, in place of " + strings.Join(replaced, ", "))
		}
		args = withTelemetry(args, server.URL())
	}
	return args
}
