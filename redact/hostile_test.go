package redact

import (
	"strings"
	"testing"
)

// hostileTexts are a megabyte each of what makes a careless scanner look at the
// same bytes again and again.
func hostileTexts() map[string]string {
	texts := map[string]string{}
	for _, unit := range []string{
		"token=", "a://", "password:", "a://b:c@", "Cookie: ", "Cookie: a=b;", "[[[", "key = [[", "-----BEGIN PRIVATE" + " KEY-----\n", "-----END PRIVATE" + " KEY-----\n",
		"https://hooks.", `\"token\":\"`, "\x1b[1m", "Bearer ", "eyJ", "eyJ.", "curl -u ", "mysql -p", "A", "Aa1", "a.", "sk-", "sk-a", "_", "-", `{"a":"`, "[", `["`, `\\\\`, `\u005c`,
		"auth=(\"", "0:AA", "thin:a/", "a@tcp(", "1//0", "name: API_KEY\n", "Q~", "a+", "/+", "Private-Lines: 1\n", "[REDACTED:", "&a=", "set_key to ", "a=b&", "token='", "token=\"\n", "x_key ",
		"YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXo=", "htpasswd -b ", "Authorization: Digest a=", "{}", "\"a\" ", "password=[REDACTED:x]",
		"abcdefghijkl.", "abc~", "sk-abcd+", "Authorization: ", "eyJabc.eyJabc.", "pat_", "https://x/?u=", "-----BEGIN CERTIFICATE-----\n", "secret:", "sk-ant-", "+sk_", "a=", "Ab1.",
	} {
		texts[unit] = strings.Repeat(unit, (1<<20)/len(unit))
	}
	return texts
}

func BenchmarkHostile(b *testing.B) {
	red := secrets(b)
	for unit, text := range hostileTexts() {
		b.Run(strings.Trim(unit, "\n"), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				red.Text(text)
			}
		})
	}
}
