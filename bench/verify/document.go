package verify

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"cipherbid/bench/quantity"
	"cipherbid/bench/record"
)

var (
	comment    = regexp.MustCompile(`<!--\s*(.*?)\s*-->`)
	runMark    = regexp.MustCompile(`^run:([a-z0-9_-]+)/([0-9A-Za-z-]+)#(\S+)((?:\s+(?:tol|unit)=\S+)*)$`)
	codeSpan   = regexp.MustCompile("`[^`]*`")
	linkTarget = regexp.MustCompile(`\]\([^)\s]*\)`)
	fence      = regexp.MustCompile("^\\s*(```|~~~)")
	// quoted is a number with its unit at the end of a text.
	quoted = regexp.MustCompile(`(?:^|[^\w.,])([-−]?\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d+)?)[ \x{a0}]*([\p{L}%/][\p{L}\d%/]*)?[\s*_\]]*$`)
	// loose is a number within a text.
	loose = regexp.MustCompile(`(?:^|[^\w.,])([-−]?\d[\d,]*(?:\.\d+)?)`)
)

// document checks the marked numbers of a Markdown file.
func (c *checker) document(name string, content []byte, runs []*record.Saved) {
	inFence, region := false, 0
	line := 0
	for text := range strings.Lines(string(content)) {
		line++
		if fence.MatchString(text) {
			inFence = !inFence
		}
		if inFence {
			continue
		}
		text = blank(codeSpan, strings.TrimRight(text, "\r\n"))
		marked, starts := map[int]bool{}, region
		for _, at := range comment.FindAllStringSubmatchIndex(text, -1) {
			mark := text[at[2]:at[3]]
			switch {
			case mark == "measured":
				if region > 0 {
					c.problem(name, line, "measured numbers begin again; those from line %d have not ended", region)
				}
				region = line
			case mark == "/measured":
				if region == 0 {
					c.problem(name, line, "measured numbers end that have not begun")
				}
				region = 0
			case mark == "given":
				if q, ok := quotedBefore(text[:at[0]]); ok {
					marked[q.start] = true
				}
			case strings.HasPrefix(mark, "run:"):
				q, ok := quotedBefore(text[:at[0]])
				if !ok {
					c.problem(name, line, "no number stands before %q", mark)
					continue
				}
				marked[q.start] = true
				if err := q.check(mark, runs); err != nil {
					c.problem(name, line, "%v", err)
				}
			}
		}
		if starts > 0 || region > 0 {
			c.unmarked(name, line, text, marked)
		}
	}
	if region > 0 {
		c.problem(name, region, "measured numbers do not end")
	}
}

// unmarked reports the numbers of a line that are not marked. Lines on which a region begins or ends belong to it.
func (c *checker) unmarked(name string, line int, text string, marked map[int]bool) {
	plain := blank(linkTarget, blank(comment, text))
	for _, at := range loose.FindAllStringSubmatchIndex(plain, -1) {
		if !marked[at[2]] {
			c.problem(name, line, "number %s among measured ones names no run", plain[at[2]:at[3]])
		}
	}
}

// blank replaces what matches by as many spaces, so that positions stay.
func blank(pattern *regexp.Regexp, text string) string {
	return pattern.ReplaceAllStringFunc(text, func(m string) string { return strings.Repeat(" ", len(m)) })
}

// quotation is a number in a document.
type quotation struct {
	start    int
	text     string
	value    float64
	half     float64 // of the last digit shown
	unit     string
	tolerate float64
}

// quotedBefore finds the number at the end of a text, be it emphasised or a link.
func quotedBefore(text string) (q quotation, ok bool) {
	text = blank(linkTarget, text)
	at := quoted.FindStringSubmatchIndex(text)
	if at == nil {
		return q, false
	}
	q.start, q.text = at[2], text[at[2]:at[3]]
	if at[4] >= 0 {
		q.unit = strings.ReplaceAll(text[at[4]:at[5]], "μ", "µ") // of the two letters, the one for micro
	}
	digits := strings.NewReplacer(",", "", "−", "-").Replace(q.text)
	var err error
	if q.value, err = strconv.ParseFloat(digits, 64); err != nil {
		return q, false
	}
	mantissa, exponent, _ := strings.Cut(strings.ToLower(digits), "e")
	_, fraction, _ := strings.Cut(mantissa, ".")
	power, _ := strconv.Atoi(exponent) // 0 if there is none; ParseFloat has accepted it else
	q.half = 0.5 * math.Pow(10, float64(power-len(fraction)))
	return q, true
}

// check compares the number with the value that the mark names.
func (q *quotation) check(mark string, runs []*record.Saved) error {
	m := runMark.FindStringSubmatch(mark)
	if m == nil {
		return fmt.Errorf("%q is not of the form run:suite/id#key [unit=ms] [tol=0.05]", mark)
	}
	suite, id, key := m[1], m[2], m[3]
	for _, option := range strings.Fields(m[4]) {
		name, value, _ := strings.Cut(option, "=")
		if name == "unit" {
			q.unit = value
			continue
		}
		var err error
		if q.tolerate, err = strconv.ParseFloat(value, 64); err != nil || !(q.tolerate >= 0 && q.tolerate < 1) {
			return fmt.Errorf("%q: tolerance %q is not a number from 0 to 1", mark, value)
		}
	}
	i := slices.IndexFunc(runs, func(s *record.Saved) bool { return s.Manifest.Suite == suite && s.Manifest.RunID == id })
	if i < 0 {
		return fmt.Errorf("%s is said to stem from run %s/%s, which does not exist", q.text, suite, id)
	}
	if !runs[i].Validity.Valid {
		return fmt.Errorf("%s is said to stem from run %s/%s, which is not valid", q.text, suite, id)
	}
	if runs[i].Quick() {
		return fmt.Errorf("%s is said to stem from run %s/%s, which is only a smoke test", q.text, suite, id)
	}
	v, ok := runs[i].Values[key]
	if !ok {
		return fmt.Errorf("%s is said to be %s of run %s/%s, which has no such value", q.text, key, suite, id)
	}
	factor, err := q.factor(v.Unit)
	if err != nil {
		return fmt.Errorf("%s is said to be %s: %w", q.text, key, err)
	}
	want := v.Value * factor
	if !(math.Abs(q.value-want) <= max(q.half, q.tolerate*math.Abs(want))*(1+1e-9)) {
		return fmt.Errorf("shows %s %s, but %s of run %s/%s is %s", q.text, q.unit, key, suite, id, quantity.Number(want))
	}
	return nil
}

// factor converts from the value's unit to that of the document. Only units of time and size have to be named.
func (q *quotation) factor(of string) (float64, error) {
	if f, ok := quantity.Convert(of, q.unit); ok {
		return f, nil
	}
	_, isTime := quantity.Convert(of, "ns")
	_, isSize := quantity.Convert(of, "bytes")
	switch {
	case (isTime || isSize) && q.unit == "":
		return 0, fmt.Errorf("name its unit, which is %s in the run", of)
	case isTime || isSize:
		return 0, fmt.Errorf("unit %q cannot be converted from %s", q.unit, of)
	}
	if _, known := quantity.Convert(q.unit, "ns"); known {
		return 0, fmt.Errorf("unit %q cannot be converted from %q", q.unit, of)
	}
	return 1, nil // a word that is no unit of ours: 812 auctions/s, 12 times
}
