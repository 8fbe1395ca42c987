package command

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/lazytrace/lazytrace/recorder/agents"
	"github.com/lazytrace/lazytrace/recorder/capture/proxy"
)

// The environment of the capture proxy.
const (
	EnvUpstream   = "LAZYTRACE_UPSTREAM_"   // and the name of a provider: where its calls really go
	EnvProxyToken = "LAZYTRACE_PROXY_TOKEN" // the secret, for clients that are told of the proxy in the open
)

// baseURLs are the settings by which clients learn where a provider is. The
// first one that the caller has says where its calls go.
var baseURLs = []struct{ name, provider string }{
	{"ANTHROPIC_BASE_URL", proxy.Anthropic},
	{"OPENAI_BASE_URL", proxy.OpenAI},
	{"OPENAI_API_BASE", proxy.OpenAI},
	{"GOOGLE_GEMINI_BASE_URL", proxy.Gemini},
}

// redirect opens the proxy and leads the program there. Without a proxy the program
// calls its providers as ever.
func (r *recording) redirect(args []string, settings map[string]string) []string {
	l := leading{env: lookup(r.opts.Env), settings: settings, complain: func(problem string) {
		r.notices.add("calls of model providers are not recorded: " + problem)
	}}
	args, r.proxy = l.lead(args, func(up map[string]*url.URL) (*proxy.Server, error) {
		p, err := proxy.Listen(context.WithoutCancel(r.ctx), r.gate, proxy.Options{
			Upstreams: up, Run: r.run, Runs: r.opts.Capture.Transcript, Layers: r.known, Conversation: r.claim, Keep: r.keep(),
		})
		if err != nil {
			l.complain(err.Error())
		}
		return p, err
	})
	return args
}

// leading leads a program to a server of ours in place of its providers.
type leading struct {
	env      func(string) string
	settings map[string]string // what its environment gets
	complain func(problem string)
}

// lead opens the server and leads the program there: by its environment, and where
// that does not help by its arguments, which are returned. The server is nil when it
// could not be opened.
func (l *leading) lead(args []string, open func(up map[string]*url.URL) (*proxy.Server, error)) ([]string, *proxy.Server) {
	at, program := agents.Program(args)
	up, bad := upstreams(l.env)
	if bad != nil {
		l.complain(bad.Error())
	}
	var codex *codexPlan
	if program == "codex" {
		codex = planCodex(args[at+1:], l.env)
		if codex.base != "" && l.env(EnvUpstream+"OPENAI") == "" {
			if u, err := upstream(codex.base); err == nil {
				up[proxy.Codex] = u
			}
		}
	}
	if program == "opencode" && l.env("ANTHROPIC_BASE_URL") == "" && up[proxy.Anthropic] != nil && up[proxy.Anthropic].Path == "" {
		up[proxy.Anthropic].Path = "/v1" // it takes the version for a part of the address
	}
	p, err := open(up)
	if err != nil {
		return args, nil
	}
	for _, b := range baseURLs {
		if at := p.URL(b.provider); at != "" {
			l.settings[b.name] = at
		}
	}
	for name := range proxy.Defaults() {
		l.settings[EnvUpstream+strings.ToUpper(name)] = "" // a recorder inside is to call this one
	}
	direct(l.env, l.settings)
	if codex == nil {
		return args, p
	}
	if codex.problem != "" {
		l.complain(codex.problem)
		return args, p
	}
	l.settings[EnvProxyToken] = p.Token()
	return append(append([]string{}, args[:at+1]...), codex.arguments(args[at+1:], p.Open(proxy.Codex))...), p
}

// upstreams returns where the calls of each provider go: where the caller sends
// them, and else to the provider itself. One that makes no sense is left out, so
// that its calls go where they would without us.
func upstreams(env func(string) string) (map[string]*url.URL, error) {
	up := map[string]*url.URL{}
	var bad error
	for name, address := range proxy.Defaults() {
		from := ""
		for _, b := range baseURLs {
			if v := env(b.name); from == "" && v != "" && b.provider == name {
				address, from = v, b.name
			}
		}
		for _, other := range []string{name, proxy.OpenAI} {
			if v := env(EnvUpstream + strings.ToUpper(other)); v != "" && (other == name || name == proxy.Codex) {
				address, from = v, EnvUpstream+strings.ToUpper(other)
				break
			}
		}
		if from == "" && name == proxy.Codex && env("OPENAI_BASE_URL") != "" {
			address, from = env("OPENAI_BASE_URL"), "OPENAI_BASE_URL"
		}
		u, err := upstream(address)
		if err != nil {
			bad = fmt.Errorf("of %s, since %s is no address: %w", name, from, err)
			continue
		}
		up[name] = u
	}
	return up, bad
}

func upstream(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("it cannot be read") // the error quotes it, and there may be a password in it
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("http://... or https://... is expected")
	}
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), strings.TrimRight(u.RawPath, "/")
	return u, nil
}

// direct keeps the program from looking for us behind a proxy of the network.
func direct(env func(string) string, settings map[string]string) {
	behind := false
	for _, name := range []string{"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"} {
		behind = behind || env(name) != ""
	}
	if !behind {
		return
	}
	for _, name := range []string{"no_proxy", "NO_PROXY"} {
		switch list := env(name); list {
		case "*":
			settings[name] = list
		case "":
			settings[name] = "127.0.0.1"
			if other := env(strings.ToUpper(name)) + env(strings.ToLower(name)); other != "" {
				settings[name] = other + ",127.0.0.1"
			}
		default:
			settings[name] = list + ",127.0.0.1"
		}
	}
}

// lookup returns the settings of an environment by their names; the last one
// of a name counts.
func lookup(env []string) func(string) string {
	if env == nil {
		return os.Getenv
	}
	m := make(map[string]string, len(env))
	for _, entry := range env {
		name, value, _ := strings.Cut(entry, "=")
		m[name] = value
	}
	return func(name string) string { return m[name] }
}
