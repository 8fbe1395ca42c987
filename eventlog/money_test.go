package eventlog

import "testing"

func TestParseMoney(t *testing.T) {
	for text, want := range map[string]Money{
		"0": 0, "-0.0": 0, "0.1": 100_000_000, "0.025": 25_000_000, "12": 12 * Dollar, "1.5e-3": 1_500_000,
		"0.0000000005": 1, "0.0000000004": 0, "-1.25": -1_250_000_000, ".5": Dollar / 2, "9000000000": 9_000_000_000 * Dollar,
	} {
		if got, err := ParseMoney(text); err != nil || got != want {
			t.Errorf("ParseMoney(%q) = %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "-", "x", "NaN", "Infinity", "1e400", "1e11", "99999999999", "1.2.3", "0x10", "1,5"} {
		if got, err := ParseMoney(text); err == nil {
			t.Errorf("ParseMoney(%q) = %d; want an error", text, got)
		}
	}
}

func TestMoneyString(t *testing.T) {
	for m, want := range map[Money]string{0: "0", 1: "0.000000001", -1: "-0.000000001", 25_000_000: "0.025", 12 * Dollar: "12", -1_250_000_000: "-1.25"} {
		if got := m.String(); got != want {
			t.Errorf("%d: %q, want %q", int64(m), got, want)
		}
		if back, err := ParseMoney(m.String()); err != nil || back != m {
			t.Errorf("%d does not come back: %d, %v", int64(m), back, err)
		}
	}
}

// Ten dimes are a dollar whatever the order: that is why money is an integer.
func TestMoneySumsExactly(t *testing.T) {
	var sum Money
	for range 10 {
		m, err := ParseMoney("0.1")
		if err != nil {
			t.Fatal(err)
		}
		sum += m
	}
	if sum != Dollar {
		t.Errorf("ten times 0.1 = %s", sum)
	}
}
