package command

import (
	"cmp"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// toUs has the telemetry of a program sent to us, whatever the caller said. The
// settings of one signal, which would win over those of all, are taken out.
func toUs(url, token string) map[string]string {
	settings := map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT":    url,
		"OTEL_EXPORTER_OTLP_PROTOCOL":    "http/protobuf",
		"OTEL_EXPORTER_OTLP_HEADERS":     "Authorization=Bearer%20" + token,
		"OTEL_TRACES_EXPORTER":           "otlp",
		"OTEL_LOGS_EXPORTER":             "otlp",
		"GEMINI_TELEMETRY_ENABLED":       "true",
		"GEMINI_TELEMETRY_TARGET":        "local",
		"GEMINI_TELEMETRY_OTLP_ENDPOINT": url,
		"GEMINI_TELEMETRY_OTLP_PROTOCOL": "http",
		"GEMINI_TELEMETRY_OUTFILE":       "",
		"CLAUDE_CODE_ENABLE_TELEMETRY":   "1",
	}
	for _, signal := range []string{"TRACES", "LOGS", "METRICS"} {
		for _, what := range []string{"ENDPOINT", "PROTOCOL", "HEADERS", "COMPRESSION"} {
			settings["OTEL_EXPORTER_OTLP_"+signal+"_"+what] = ""
		}
	}
	return settings
}

// unlessSaid are settings that only fill in what the caller said nothing about:
// how soon agents send, and what. It goes no further than the recording, which
// masks secrets; who does not want it there has said so.
var unlessSaid = map[string]string{
	"CLAUDE_CODE_ENHANCED_TELEMETRY_BETA": "1", // spans
	"OTEL_LOG_USER_PROMPTS":               "1",
	"OTEL_LOG_TOOL_DETAILS":               "1",
	"OTEL_LOGS_EXPORT_INTERVAL":           "1000",
	"OTEL_TRACES_EXPORT_INTERVAL":         "1000",
	"OTEL_BSP_SCHEDULE_DELAY":             "1000",
	"OTEL_BLRP_SCHEDULE_DELAY":            "1000",
	"GEMINI_TELEMETRY_TRACES_ENABLED":     "true",
}

// telemetry adds the settings by which a program sends its telemetry to us, and
// returns what of the caller's they replace.
func telemetry(settings map[string]string, args, caller []string, url, token string) (replaced []string) {
	said := saidIn(caller)
	var names []string
	for name, value := range toUs(url, token) {
		if before := said[name]; before != "" && !strings.EqualFold(before, value) {
			names = append(names, name)
		}
		settings[name] = value
	}
	for name, value := range unlessSaid {
		if _, ok := said[name]; !ok {
			settings[name] = value
		}
	}
	slices.Sort(names)
	if file := configured(args, caller); file != "" {
		names = append(names, "what "+file+" says")
	}
	return names
}

// withTelemetry returns the arguments of a program that is told to send its
// telemetry by arguments only. The token is not among them, where everybody on
// the machine could read it: the library that sends takes it from the
// environment.
func withTelemetry(args []string, url string) []string {
	if nameOf(args) != "codex" {
		return args
	}
	exporter := func(path string) string {
		return `{otlp-http={endpoint="` + url + path + `",protocol="binary"}}`
	}
	return slices.Insert(slices.Clone(args), 1,
		"-c", "otel.exporter="+exporter("/v1/logs"), "-c", "otel.trace_exporter="+exporter("/v1/traces"), "-c", "otel.log_user_prompt=true")
}

// nameOf is the name of a program.
func nameOf(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return strings.TrimSuffix(filepath.Base(args[0]), ".exe")
}

// settingsOf are the files in which agents keep what we replace, and the word by
// which that is known there.
var settingsOf = map[string]struct{ env, dir, file, word string }{
	"codex":  {"CODEX_HOME", ".codex", "config.toml", "otel"},
	"gemini": {"", ".gemini", "settings.json", `"telemetry"`},
}

// configured returns the file in which a program was told where its telemetry
// goes, if it was.
func configured(args, caller []string) string {
	s, ok := settingsOf[nameOf(args)]
	if !ok {
		return ""
	}
	said := saidIn(caller)
	path := filepath.Join(cmp.Or(said[s.env], filepath.Join(said["HOME"], s.dir)), s.file)
	const most = 1 << 20
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, most))
	if err != nil || !strings.Contains(string(text), s.word) {
		return ""
	}
	return path
}

func saidIn(env []string) map[string]string {
	said := map[string]string{}
	for _, entry := range env {
		name, value, _ := strings.Cut(entry, "=")
		said[name] = value
	}
	delete(said, "")
	return said
}
