package command

import (
	"cmp"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/lazytrace/lazytrace/recorder/capture/proxy"
)

// codexPlan says how Codex is led to the proxy. It does not ask its environment
// where its provider is, only its settings: arguments may override these.
type codexPlan struct {
	provider string // the one that its user has chosen; "" for the one that is built in
	base     string // where that is, when the settings say so
	auth     string // of the built-in one: the setting by which it proves who asks
	problem  string // why it cannot be led anywhere
}

// codexSettings is the part of Codex's settings that matters here.
type codexSettings struct {
	Provider  string                   `toml:"model_provider"`
	BaseURL   string                   `toml:"openai_base_url"`
	Profile   string                   `toml:"profile"`
	Providers map[string]codexProvider `toml:"model_providers"`
	Profiles  map[string]struct {
		Provider string `toml:"model_provider"`
	} `toml:"profiles"`
}

type codexProvider struct {
	BaseURL string `toml:"base_url"`
}

// planCodex reads the settings as Codex would: the file, a profile, arguments.
func planCodex(args []string, env func(string) string) *codexPlan {
	home := env("CODEX_HOME")
	if home == "" {
		home = filepath.Join(env("HOME"), ".codex")
	}
	var s codexSettings
	if file, err := os.ReadFile(filepath.Join(home, "config.toml")); err == nil {
		if toml.Unmarshal(file, &s) != nil {
			return &codexPlan{problem: "its config.toml cannot be read"}
		}
	}
	var given codexSettings
	for i, arg := range args {
		if arg == "--" {
			break
		}
		if arg == "--oss" {
			return &codexPlan{problem: "--oss calls a model of this machine"}
		}
		if value, ok := option(args, i, "-c", "--config"); ok {
			given.override(value)
		}
		if value, ok := option(args, i, "-p", "--profile"); ok {
			given.Profile = value
		}
	}
	profile := s.Profiles[cmp.Or(given.Profile, s.Profile)]
	p := &codexPlan{provider: cmp.Or(given.Provider, profile.Provider, s.Provider), auth: "requires_openai_auth=true"}
	if p.provider == "" || p.provider == "openai" {
		p.provider, p.base = "", cmp.Or(given.BaseURL, s.BaseURL)
		// Whoever has logged in goes on as that; a key in the environment counts else.
		if _, err := os.Stat(filepath.Join(home, "auth.json")); err != nil && env("OPENAI_API_KEY") != "" {
			p.auth = `env_key="OPENAI_API_KEY"`
		}
		return p
	}
	if p.base = cmp.Or(given.Providers[p.provider].BaseURL, s.Providers[p.provider].BaseURL); p.base == "" {
		p.problem = "the settings do not say where the provider " + p.provider + " is"
	}
	return p
}

// override takes a setting that was given as an argument: key=value, the value
// in TOML or, when it is none, a text.
func (s *codexSettings) override(setting string) {
	key, value, _ := strings.Cut(setting, "=")
	key, value = strings.TrimSpace(key), strings.TrimSpace(value)
	var one codexSettings
	if toml.Unmarshal([]byte(key+" = "+value), &one) != nil && toml.Unmarshal([]byte(key+" = "+strconv.Quote(value)), &one) != nil {
		return
	}
	s.Provider, s.BaseURL, s.Profile = cmp.Or(one.Provider, s.Provider), cmp.Or(one.BaseURL, s.BaseURL), cmp.Or(one.Profile, s.Profile)
	for name, p := range one.Providers {
		if s.Providers == nil {
			s.Providers = map[string]codexProvider{}
		}
		if p.BaseURL != "" {
			s.Providers[name] = p
		}
	}
}

// arguments returns the arguments with the settings that lead to the proxy,
// behind all others, since the last one counts. Everybody can see arguments, so
// the secret is not among them: Codex takes it from its environment.
func (p *codexPlan) arguments(args []string, to string) []string {
	ours := []string{
		"-c", "model_providers." + p.provider + ".base_url=" + strconv.Quote(to),
		"-c", "model_providers." + p.provider + ".env_http_headers." + proxy.TokenHeader + "=" + strconv.Quote(EnvProxyToken),
	}
	if p.provider == "" {
		ours = []string{
			"-c", "model_provider=lazytrace",
			"-c", `model_providers.lazytrace={name="lazytrace",base_url=` + strconv.Quote(to) + `,wire_api="responses",` + p.auth +
				`,env_http_headers={"` + proxy.TokenHeader + `"="` + EnvProxyToken + `"}}`,
		}
	}
	behind := 0
	for i, arg := range args {
		if arg == "--" {
			break
		}
		if _, ok := option(args, i, "-c", "--config"); ok {
			behind = i + 1
			if arg == "-c" || arg == "--config" {
				behind = min(i+2, len(args))
			}
		}
	}
	out := append([]string{}, args[:behind]...)
	return append(append(out, ours...), args[behind:]...)
}

// option returns the value of an option, when the argument at i is that one, in
// any of the ways in which it may be written.
func option(args []string, i int, short, long string) (string, bool) {
	arg := args[i]
	if arg == short || arg == long {
		if i+1 < len(args) {
			return args[i+1], true
		}
		return "", false
	}
	if value, ok := strings.CutPrefix(arg, long+"="); ok {
		return value, true
	}
	if value, ok := strings.CutPrefix(arg, short); ok && !strings.HasPrefix(arg, "--") && value != "" {
		return strings.TrimPrefix(value, "="), true
	}
	return "", false
}
