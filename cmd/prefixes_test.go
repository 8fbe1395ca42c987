package cmd

import "testing"

func TestPrefixes(t *testing.T) {
	short := prefixes([]string{"01a1f84a-cd71", "01a1f84a-cf54", "gpt4__swe-agent-test", "gpt4__swe-agent__test", "brief", "same-beginning", "same-beginning/more", "01a1f84a-cd71", "02-alone-here"})
	for id, want := range map[string]string{
		"01a1f84a-cd71": "01a1f84a-cd", "01a1f84a-cf54": "01a1f84a-cf", "gpt4__swe-agent-test": "gpt4__swe-agent-", "brief": "brief",
		"same-beginning": "same-beginning", "same-beginning/more": "same-beginning/", "02-alone-here": "02-alone",
	} {
		if got := short(id); got != want {
			t.Errorf("%s is shortened to %s, want %s", id, got, want)
		}
	}
}
