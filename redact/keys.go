package redact

import "strings"

// secrecy says what a key name promises about its value.
type secrecy uint8

const (
	plain      secrecy = iota
	password           // anything may follow, also a word
	secret             // a machine-made credential
	weakSecret         // perhaps one: only what looks random counts
	authHeader         // "scheme credential" or a credential
	cookieJar          // name=value; name=value
	phrase             // words that are the secret
)

// keyKind is the secrecy of a key and the kind to write in the marker.
type keyKind struct {
	is   secrecy
	kind string
}

// environments are endings of key names that say where, not what.
var environments = [...]string{"_prod", "_production", "_dev", "_staging", "_stage", "_live", "_test", "_old", "_new", "_value", "_base64", "_b64", "_plain", "_primary", "_secondary", "_backup"}

// keyOf classifies a key name. It looks at the end, for that is where English
// puts the thing: api_token is a token, token_count a count.
func keyOf(w string) keyKind {
	if len(w) < 2 {
		return keyKind{}
	}
	for len(w) > 2 && (is(w[len(w)-1], cDigit) || w[len(w)-1] == '_' || w[len(w)-1] == '-') {
		w = w[:len(w)-1]
	}
	compound := strings.IndexByte(w, '_') > 0
	for i := 0; compound && i < len(environments); i++ {
		e := environments[i]
		if len(w) > len(e)+2 && equalFold(w[len(w)-len(e):], e) {
			w = w[:len(w)-len(e)]
			break
		}
	}
	if !tellingEnd(w) && (len(w) < 10 || !compound && simple(w)) { // most words end here
		return keyKind{}
	}
	if len(w) > 48 {
		w = w[len(w)-48:]
	}
	var flat [48]byte  // lower case, without _ and -
	var begin [48]bool // a word starts here
	n, edge := 0, true
	for i := 0; i < len(w); i++ {
		b := w[i]
		if b == '_' || b == '-' || b == ' ' {
			edge = true
			continue
		}
		if i > 0 && isUpper(b) && (isLower(w[i-1]) || i+1 < len(w) && isLower(w[i+1])) {
			edge = true
		}
		flat[n], begin[n] = lower(b), edge
		edge = false
		n++
	}
	return classify(string(flat[:n]), &begin)
}

// tellingEnds are how the names end that classify knows, by three letters.
var tellingEnds = func() (t [1 << 15 / 64]uint64) {
	for _, e := range strings.Fields("ord swd ort ode pwd ass ena sse ase nic rds ion der uth rer kie ies key eys yid ata psk ret ets lue tid eed ial als eds red jwt pat ens otp sas ken ash ier ook ing str") {
		k := end3(e[0], e[1], e[2])
		t[k/64] |= 1 << (k % 64)
	}
	return t
}()

// end3 numbers three letters. Other bytes share the numbers of letters, which
// costs a closer look and no more.
func end3(a, b, c byte) uint { return uint(a&31)<<10 | uint(b&31)<<5 | uint(c&31) }

// tellingEnd reports whether a name ends like one that classify knows. It is
// asked of every word, so it looks at three letters only.
func tellingEnd(w string) bool {
	n := len(w)
	if w[n-1]|0x20 == 'w' && w[n-2]|0x20 == 'p' {
		return true
	}
	if n < 3 {
		return false
	}
	if n > 3 && (w[n-3] == '_' || w[n-3] == '-') && w[n-2]|0x20 == 'i' { // secret_id, api_key_id
		return w[n-1]|0x20 == 'd' && (w[n-4]|0x20 == 't' || w[n-4]|0x20 == 'y')
	}
	k := end3(w[n-3], w[n-2], w[n-1])
	return tellingEnds[k/64]&(1<<(k%64)) != 0
}

// simple reports whether w is one lower-case word.
func simple(w string) bool {
	for i := 1; i < len(w); i++ {
		if !isLower(w[i]) {
			return false
		}
	}
	return true
}

func classify(k string, begin *[48]bool) keyKind {
	end := func(s string) bool { return strings.HasSuffix(k, s) }
	word := func(s string) bool { return strings.HasSuffix(k, s) && begin[len(k)-len(s)] }
	switch {
	case end("password"), end("passwd"), end("passwort"), end("passcode"), end("pwd") && k != "pwd" && k != "oldpwd",
		word("pass"), end("dbpass"), end("userpass"), end("sshpass"), end("storepass"), end("keypass"), end("mypass"), end("smtppass"),
		word("pw"), end("bindpw"), k == "contrasena", end("motdepasse"), end("adminpass"), end("rootpass"):
		return keyKind{password, "password"}
	case k == "pwd":
		return keyKind{password, "password"}
	case end("passphrase"), end("mnemonic"), end("seedphrase"), end("recoveryphrase"), end("seedwords"):
		return keyKind{phrase, "passphrase"}
	case k == "authorization", end("proxyauthorization"), end("authorizationheader"), k == "auth", word("auth"), k == "xauth", end("authheader"), k == "bearer":
		return keyKind{authHeader, "authorization"}
	case k == "cookie", k == "setcookie", k == "cookies", end("cookieheader"), end("sessioncookie"), end("authcookie"):
		return keyKind{cookieJar, "cookie"}
	case end("apikey"), end("apikeys"), end("apikeyid"), end("subscriptionkey"), end("ocpapimsubscriptionkey"), end("functionskey"):
		return keyKind{secret, "api-key"}
	case end("accesskey"), end("accesskeyid"), end("secretkey"), end("secretaccesskey"), end("accountkey"), end("authkey"), end("privatekey"), end("privkey"),
		end("signingkey"), end("encryptionkey"), end("masterkey"), end("sharedkey"), end("servicekey"), end("storagekey"), end("keydata") && !end("publickeydata"),
		end("consumerkey"), end("deploykey"), end("sshkey"), end("rolekey"), end("anonkey"), end("appkey"), end("applicationkey"), end("webhookkey"),
		end("presharedkey"), word("psk"), end("licensekey"), end("licencekey"), end("adminkey"), end("rootkey"), end("clientkey"), end("hmackey"), end("aeskey"),
		end("cipherkey"), end("decryptionkey"), end("jwtkey"), end("securitykey"), end("unsealkey"), end("recoverykey"), end("backupkey"):
		return keyKind{secret, "key"}
	case end("secret"), end("secrets"), end("secretvalue"), end("secretbase"), end("secretid"), end("totpsecret"), end("otpseed"):
		return keyKind{secret, "secret"}
	case word("credential"), word("credentials"), word("creds"), word("cred"):
		return keyKind{secret, "credential"}
	case word("jwt"), word("pat"), k == "accesstokens", k == "apitokens", word("otp"), word("sas"):
		return keyKind{secret, "token"}
	case end("token"):
		switch k[:len(k)-5] {
		case "next", "nextpage", "page", "prev", "prevpage", "previouspage", "pagination", "continuation", "eos", "bos", "pad", "unk", "mask", "sep", "cls", "stop", "special", "max",
			"cancellation", "cursor", "start", "end", "first", "last", "image", "per", "cost", "nextsync", "sync", "resume":
			return keyKind{}
		}
		return keyKind{secret, "token"}
	case end("publickey"), end("publickeys"):
		return keyKind{}
	case word("key"):
		switch k[:len(k)-3] {
		case "", "primary", "foreign", "public", "sort", "cache", "partition", "hash", "object", "row", "dedup", "dedupe", "idempotency", "lookup", "group", "index", "map",
			"project", "host", "s3", "bucket", "sshpublic", "range", "routing", "shard", "unique", "composite", "natural", "any", "hot", "issue", "item", "cacheentry",
			"registry", "config", "i18n", "translation", "message", "event", "session", "promptcache", "wrap", "the", "query", "known", "etag", "trace", "react", "file",
			"content", "storageobject", "record", "document", "sentinel", "publishable", "sshhost", "user", "job", "run", "compositeprimary", "xpublic", "pub", "verify",
			"verification":
			return keyKind{}
		}
		return keyKind{weakSecret, "key"}
	case word("tokens"), end("passwordhash"), end("passwdhash"), end("pwhash"), end("accesscode"), end("authcode"), end("verifier") && k != "verifier", end("webhook"), end("connectionstring"), end("connstr"):
		return keyKind{weakSecret, "secret"}
	}
	return inner(k, begin)
}

// inner handles names that speak of a secret before their last word, such as
// SECRET_KEY_BASE. Only what looks random counts behind them.
func inner(k string, begin *[48]bool) keyKind {
	if len(k) < 8 || !strings.Contains(k, "secret") && !strings.Contains(k, "passw") && !strings.Contains(k, "apikey") && !strings.Contains(k, "accesskey") &&
		!strings.Contains(k, "privatekey") && !strings.Contains(k, "credential") && !strings.Contains(k, "authtoken") && !strings.Contains(k, "accesstoken") && !strings.Contains(k, "apitoken") && !strings.Contains(k, "bearertoken") {
		return keyKind{}
	}
	last := len(k) - 1
	for last > 0 && !begin[last] {
		last--
	}
	switch k[last:] {
	case "id", "ids", "name", "names", "arn", "ref", "url", "uri", "path", "file", "version", "count", "type", "kind", "length", "hint", "policy", "label", "expiry", "at",
		"fingerprint", "manager", "store", "field", "env", "var", "scope", "scopes", "status", "checksum", "digest", "sha256", "sha", "provider", "endpoint", "keyname":
		return keyKind{}
	}
	return keyKind{weakSecret, "secret"}
}
