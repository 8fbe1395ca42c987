package redact

import "strings"

// placeholder reports whether a value stands for a secret rather than being
// one: xxxx, ****, <your-key>, YOUR_TOKEN_HERE, sk-..., an earlier marker.
func placeholder(v string) bool {
	same := 1
	for i := 0; i < len(v); i++ {
		switch b := v[i]; b {
		case '<':
			if i == 0 || strings.IndexByte(v[i:], '>') > 0 {
				return true
			}
		case 0xe2: // an ellipsis or bullets
			if strings.HasPrefix(v[i:], "…") || strings.HasPrefix(v[i:], "•") {
				return true
			}
		case 'x', 'X', '*', '.', '#', '?':
			if i > 0 && v[i-1] == b {
				same++
			} else {
				same = 1
			}
			if same >= 4 || same == 3 && b == '.' || same == 3 && len(v) <= 6 {
				return true
			}
		}
	}
	return marked(v) || placeholderWord(v)
}

// marked reports whether v contains a marker of this or another redactor.
func marked(v string) bool {
	for i := 0; i+8 <= len(v); i++ {
		switch v[i] {
		case 'r', 'R':
			if hasPrefixFold(v[i:], "redacted") {
				return true
			}
		case '[':
			if hasPrefixFold(v[i:], "[filtered]") || hasPrefixFold(v[i:], "[masked]") {
				return true
			}
		}
	}
	return false
}

// placeholderWord looks for the words docs put where the secret goes. Long ones
// count anywhere, short ones only as whole words, for a long random token holds
// any four letters by chance.
func placeholderWord(v string) bool {
	for i := 0; i+7 <= len(v); i++ {
		switch rest := v[i:]; lower(v[i]) {
		case 'e':
			if hasPrefixFold(rest, "example") {
				return true
			}
		case 'p':
			if hasPrefixFold(rest, "placeholder") {
				return true
			}
		case 'c':
			if hasPrefixFold(rest, "changeme") || hasPrefixFold(rest, "change-me") || hasPrefixFold(rest, "change_me") {
				return true
			}
		case 'r':
			if hasPrefixFold(rest, "replace_") || hasPrefixFold(rest, "replace-") || hasPrefixFold(rest, "replaceme") {
				return true
			}
		case 'i':
			if hasPrefixFold(rest, "insert_") {
				return true
			}
		case 'g':
			if hasPrefixFold(rest, "goes-here") || hasPrefixFold(rest, "goes_here") {
				return true
			}
		}
	}
	for i := 0; i < len(v); {
		if !is(v[i], cLetter) {
			i++
			continue
		}
		j := run(v, i, cLetter)
		switch j - i {
		case 2:
			if equalFold(v[i:j], "my") && i == 0 && len(v) < 20 && strings.ContainsAny(v, "-_") && measure(v).wordy() {
				return true
			}
		case 4:
			if w := v[i:j]; equalFold(w, "your") || equalFold(w, "here") || equalFold(w, "todo") || equalFold(w, "fake") {
				return true
			}
		case 5:
			if w := v[i:j]; equalFold(w, "dummy") {
				return true
			}
		}
		i = j
	}
	return false
}

// reference reports whether a value only names where the secret is kept.
func reference(v string) bool {
	if v == "" {
		return true
	}
	return variable(v) || strings.HasPrefix(v, "[]") || len(v) < 20 && (strings.HasPrefix(v, "0x") || strings.HasPrefix(v, "-0x")) || code(v)
}

// variable reports whether a value is filled in later: ${X}, $X, {{x}}, %s.
func variable(v string) bool {
	switch v[0] {
	case '$', '{':
		return len(v) > 1 && (v[0] == '{' || v[1] == '{' || v[1] == '(' || is(v[1], cLetter) && isName(v[1:]) || v[1] == '_')
	case '%':
		return strings.HasSuffix(v, "%") || strings.HasPrefix(v, "%(") || v == "%s" || v == "%v"
	case '@':
		return strings.HasPrefix(v, "@Microsoft.KeyVault(")
	}
	return strings.Contains(v, "${") || strings.Contains(v, "{{") || strings.Contains(v, "$(")
}

func isName(v string) bool { return run(v, 0, cWord) == len(v) && measure(v).wordy() }

// code reports whether a value is an expression: a.b.c, f(x), a["b"].
func code(v string) bool {
	if !is(v[0], cLetter) && v[0] != '_' {
		return false
	}
	i, dots := 0, 0
	for i < len(v) && (is(v[i], cLetter|cDigit) || v[i] == '_' || v[i] == '.') {
		if v[i] == '.' {
			dots++
		}
		i++
	}
	if i == len(v) {
		m := measure(v)
		return dots > 0 && m.digits == 0 && m.wordy()
	}
	switch v[i] {
	case '(', '[':
		return measure(v[:i]).wordy()
	case '?':
		return i+1 < len(v) && v[i+1] == '.'
	}
	return false
}

// program reports whether a value without quotes is part of a program: &T{…},
// f(x), a.B, and, where an assignment is written as in programs, also NAME and
// a number.
func program(v string, loose bool) bool {
	if len(v) > 1 && (v[0] == '&' || v[0] == '*') && (is(v[1], cLetter) || v[1] == '_') && code(v[1:]) {
		return true
	}
	if !loose || v == "" {
		return false
	}
	if v[0] == '(' || v[0] == '&' || v[0] == '*' || v[0] == '[' {
		return true
	}
	i, dots, low := 0, 0, 0
	for i < len(v) && (is(v[i], cLetter|cDigit) || v[i] == '_' || v[i] == '.') {
		if v[i] == '.' {
			dots++
		}
		if isLower(v[i]) {
			low++
		}
		i++
	}
	switch {
	case i == len(v) && run(v, 0, cDigit) == i:
		return true
	case i == len(v) && low <= 1 && dots <= 1 && strings.IndexByte(v, '_') > 0: // a constant
		return slugged(v) || dots == 1
	case i > 2 && i < len(v) && (v[i] == '(' || v[i] == '[' || v[i] == '{'):
		return is(v[0], cLetter) || v[0] == '_'
	}
	return false
}

// named reports whether a value only repeats its name: renderPass=renderPass,
// "encryptionKey": "encryptionKey1024".
func named(name, v string) bool {
	k := 0
	for i := 0; i < len(name); i++ {
		if name[i] == '_' || name[i] == '-' {
			continue
		}
		for k < len(v) && (v[k] == '_' || v[k] == '-') {
			k++
		}
		if k >= len(v) || lower(v[k]) != lower(name[i]) {
			return false
		}
		k++
	}
	return k == len(v) || k >= 8 && run(v, k, cDigit) == len(v)
}

// reserved holds what stands after a key in schemas, type declarations and
// prose, none of them a secret.
func reserved(v string) bool {
	v = strings.TrimRight(v, "!?") // String! of a schema
	if len(v) > 14 {
		return false
	}
	var b [14]byte
	for i := 0; i < len(v); i++ {
		b[i] = lower(v[i])
	}
	switch string(b[:len(v)]) {
	case "null", "none", "nil", "true", "false", "undefined", "string", "str", "text", "bytes", "int", "integer", "number", "bool", "boolean",
		"object", "array", "list", "dict", "any", "optional", "required", "password", "passwd", "passphrase", "secret", "secrets", "token", "tokens",
		"credentials", "credential", "username", "user", "pass", "pwd", "hidden", "empty", "unset", "unknown", "default", "missing", "invalid",
		"incorrect", "wrong", "expired", "basic", "bearer", "oauth", "oauth2", "auth", "apikey", "api_key", "api-key", "stored", "must", "should",
		"cannot", "stdin", "prompt", "file", "env", "value", "secretstr", "varchar", "char", "byte", "self", "this", "await", "async", "function",
		"return", "const", "input", "field", "key", "encrypted", "disabled", "enabled", "not", "n/a", "masked", "authorization", "cookie", "type", "compat", "files":
		return true
	}
	return false
}

// idPrefix reports whether p (the letters before the first _ or - of a word)
// is how a public identifier starts.
func idPrefix(p string) bool {
	if len(p) > 14 {
		return false
	}
	var b [14]byte
	for i := 0; i < len(p); i++ {
		b[i] = lower(p[i])
	}
	switch string(b[:len(p)]) {
	case "call", "toolu", "msg", "req", "chatcmpl", "cmpl", "resp", "run", "rs", "thread", "asst", "file", "batch", "fp", "user", "org", "proj",
		"project", "evt", "event", "sess", "ses", "prt", "per", "que", "usr", "session", "item", "ws", "gen", "conv", "conversation", "step", "trace", "span", "obs", "tool", "srvtoolu", "tooluse",
		"mcptoolu", "agent", "task", "job", "id", "uuid", "sha", "sha1", "sha256", "sha384", "sha512", "md5", "h1", "commit", "build", "chunk", "main", "index",
		"vs", "ft", "ftjob", "cus", "acct", "sub", "pi", "ch", "in", "prod", "price", "evtm", "pod", "node", "container", "img", "image", "asset",
		"dataset", "model", "prompt", "group", "team", "tenant", "workspace", "wrkspc", "ds", "exp", "doc", "page", "block", "vol", "snap", "ami",
		"sg", "subnet", "vpc", "eni", "igw", "rtb", "arn", "ip", "i", "r", "v", "msgbatch", "ctc", "mcp", "mcpl", "ig", "ci", "cntr", "cu", "lsp", "dgst", "etag", "pkg",
		"layer", "cache", "hash", "digest", "rev", "ref", "tree", "blob", "obj", "object", "key_id", "request", "response", "message", "reasoning", "completion":
		return true
	}
	return false
}
