package redact

import (
	"math/rand/v2"
	"strings"
	"testing"
)

func TestStreamAcrossChunks(t *testing.T) {
	t.Parallel()
	red := secrets(t)
	r := rand.New(rand.NewPCG(7, 8))
	for range 300 {
		var text strings.Builder
		var planted []string
		for range 1 + r.IntN(30) {
			text.WriteString(strings.Repeat("the agent reads a file and writes a plan. ", r.IntN(40)))
			v := draw(r, alnum, 36)
			planted = append(planted, v)
			switch r.IntN(5) {
			case 0:
				text.WriteString("API_TOKEN=" + v + "\n")
			case 1:
				text.WriteString("ghp_" + v + " ")
			case 2:
				text.WriteString(`{"password": "` + v + `"} `)
			case 3:
				text.WriteString("Authorization: Bearer " + v + "\n")
			case 4:
				text.WriteString("-----BEGIN " + "PRIVATE KEY-----\n" + v + "\n" + draw(r, alnum, 64*r.IntN(60)) + "\n-----END " + "PRIVATE KEY-----\n")
			}
		}
		st := red.Stream()
		var out strings.Builder
		for rest := text.String(); rest != ""; {
			n := min(len(rest), 1+r.IntN(300))
			out.WriteString(st.Write(rest[:n]))
			rest = rest[n:]
		}
		out.WriteString(st.Close())
		for _, v := range planted {
			if survives(out.String(), v) {
				t.Fatalf("%q survives in %q", v, out.String())
			}
		}
	}
}

func TestStreamReleasesAndStaysSmall(t *testing.T) {
	t.Parallel()
	st := secrets(t).Stream()
	in, out, most := 0, 0, 0
	line := "an ordinary line of output that holds no secret at all\n"
	for range 20_000 {
		in += len(line)
		out += len(st.Write(line))
		most = max(most, len(st.buf))
	}
	if in-out > 8<<10 || most > 16<<10 {
		t.Errorf("holds back %d bytes, buffer grew to %d", in-out, most)
	}
	if out += len(st.Close()); in != out {
		t.Errorf("%d bytes in, %d out", in, out)
	}
	endless := draw(rand.New(rand.NewPCG(1, 1)), alnum, 1000)
	st.Write("token=")
	got := 0
	for range 1000 {
		got += len(st.Write(endless))
		most = max(most, len(st.buf))
	}
	got += len(st.Close())
	if most > maxPending+8<<10 {
		t.Errorf("a token without end grew the buffer to %d", most)
	}
	if got > 2000 {
		t.Errorf("%d bytes of a token without end came out", got)
	}
}
