package ipinyou

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"
)

// FuzzDecode checks that no line makes the decoder panic or return a row out of its bounds.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`1,4,7,b1,1,windows_ie,146,156,2,d1,s1,120,600,OtherView,Na,5,74,1458,"10006,10110"`))
	f.Add([]byte(`0,4,7,"b""1",1,null,null,null,2,d1,s1,120,600,0,0,null,null,1458,`))
	f.Add([]byte(strings.Repeat(",", 18)))
	l, ok, err := detectLayout([]byte(strings.TrimSpace(header)))
	if err != nil || !ok {
		f.Fatal(ok, err)
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		row, ok, err := newDecoder(l).decode(line)
		if err != nil || !ok {
			return
		}
		if row.Advertiser == "" || len(row.User.Tags) > maxTags {
			t.Errorf("advertiser %q with %d tags", row.Advertiser, len(row.User.Tags))
		}
		if !(row.Floor >= 0 && row.Floor <= maxPrice) || !(row.PayPrice >= 0 && row.PayPrice <= maxPrice) {
			t.Errorf("prices %g and %g", row.Floor, row.PayPrice)
		}
	})
}

// FuzzSplitLine compares the field splitter with encoding/csv on lines that the latter reads as one record.
func FuzzSplitLine(f *testing.F) {
	f.Add(`a,"b,c",,"d""e"`)
	f.Add(`"`)
	f.Add(`"a"b`)
	f.Fuzz(func(t *testing.T, line string) {
		if strings.ContainsAny(line, "\r\n") || line == "" {
			return
		}
		r := csv.NewReader(strings.NewReader(line))
		want, err := r.Read()
		if err != nil || len(want) > maxColumns {
			return
		}
		got, err := splitLine([]byte(line), ',', nil)
		if err != nil {
			t.Fatalf("refused %q: %v", line, err)
		}
		if s := string(bytes.Join(got, []byte{0})); s != strings.Join(want, "\x00") {
			t.Errorf("%q: got %q, want %q", line, got, want)
		}
	})
}

func FuzzLayout(f *testing.F) {
	f.Add([]byte(header))
	f.Add([]byte(strings.ReplaceAll(officialColumns, " ", "\t")))
	f.Fuzz(func(t *testing.T, line []byte) {
		l, _, err := detectLayout(line)
		if err != nil {
			return
		}
		for c := range numColumns {
			if l.at[c] >= l.width || l.at[c] < 0 && !c.optional() {
				t.Errorf("column %s at %d of %d", c, l.at[c], l.width)
			}
		}
	})
}
