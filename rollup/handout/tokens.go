package handout

import "unicode/utf8"

// Tokens estimates how many tokens a model reads of a text, rather too many than
// too few: a word costs one for every four letters, digits one for every two, a sign
// one each, white space one where it is more than a blank, and what is not ASCII one
// for each letter, two for each of the scripts that have thousands of them, three
// for a picture. What tokenisers of today make of prose, code and JSON is less.
func Tokens(text string) int {
	n := 0
	letters, digits, blanks := 0, 0, 0
	end := func() {
		n += (letters+3)/4 + (digits+1)/2
		if blanks > 1 {
			n++
		}
		letters, digits, blanks = 0, 0, 0
	}
	for _, r := range text {
		switch {
		case r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z':
			if digits > 0 || blanks > 0 {
				end()
			}
			letters++
		case r >= '0' && r <= '9':
			if letters > 0 || blanks > 0 {
				end()
			}
			digits++
		case r == ' ':
			if letters > 0 || digits > 0 {
				end()
			}
			blanks++
		case r == '\n' || r == '\t':
			if letters > 0 || digits > 0 {
				end()
			}
			blanks += 2
		case r < utf8.RuneSelf:
			end()
			n++
		case r < 0x2e80:
			end()
			n++
		case r < 0x10000:
			end()
			n += 2
		default:
			end()
			n += 3
		}
	}
	end()
	return n
}
