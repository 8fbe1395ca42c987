package redact

import "strings"

// userPassword masks the password of user:password in s[from:to], or returns 0.
func (c *scanner) userPassword(from, to int) int {
	s := c.s
	colon := strings.IndexByte(s[from:to], ':')
	if colon < 1 || !is(s[from], cLetter|cDigit) {
		return 0
	}
	pw := s[from+colon+1 : to]
	if len(pw) < 4 || run(pw, 0, cDigit) == len(pw) || !plausible(password, pw, true) {
		return 0 // 1000:1000 is a user and a group
	}
	return c.mask(from+colon+1, to, "password")
}

// short handles the flags -u user:password and -p password, which mean
// something else to most programs: the program has to stand before them.
func (c *scanner) short(i, j int) int {
	s := c.s
	head := s[max(0, i-160):i]
	if k := strings.LastIndexByte(head, '\n'); k >= 0 {
		head = head[k:]
	}
	from := blanks(s, j)
	quote := byte(0)
	if from < len(s) && (s[from] == '"' || s[from] == '\'') {
		quote = s[from]
		from++
	}
	to := c.bare(from, false)
	if quote != 0 {
		to = closing(s, from, quote, 0)
	}
	switch name := s[i:j]; {
	case name == "-u" || name == "--user" || name == "--proxy-user" || name == "-U":
		if to > from && from > j && (strings.Contains(head, "curl") || strings.Contains(head, "http") || strings.Contains(head, "wget")) {
			return c.userPassword(from, to)
		}
	case name == "-p" || name == "-a" || name == "-w":
		for _, p := range [...]string{"sshpass", "docker login", "podman login", "redis-cli", "az login", "helm registry login"} {
			if strings.Contains(head, p) && to > from && from > j && plausible(password, s[from:to], true) {
				return c.mask(from, to, "password")
			}
		}
	case (name == "-b" || name == "-bc" || name == "-cb" || name == "-nb" || name == "-bB") && strings.Contains(head, "htpasswd"):
		if name != "-nb" {
			to = c.bare(blanks(s, to), false) // behind the file, the user
		}
		from = blanks(s, to)
		if to = c.bare(from, false); to > from && plausible(password, s[from:to], true) {
			return c.mask(from, to, "password")
		}
	case strings.HasPrefix(name, "-p") && s[i+2] != '-':
		to = c.bare(i+2, false)
		if (strings.Contains(head, "mysql") || strings.Contains(head, "mariadb") || strings.Contains(head, "sshpass")) && to-i > 6 && plausible(password, s[i+2:to], true) {
			return c.mask(i+2, to, "password")
		}
	}
	return 0
}
