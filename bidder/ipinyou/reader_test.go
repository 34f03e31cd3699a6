package ipinyou

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
)

const header = "click,weekday,hour,bidid,logtype,useragent,region,city,adexchange,domain,slotid,slotwidth,slotheight," +
	"slotvisibility,slotformat,slotprice,payprice,advertiser,usertag\n"

func read(t *testing.T, log string) ([]Row, error) {
	t.Helper()
	r, err := NewReader(strings.NewReader(log), "log")
	if err != nil {
		return nil, err
	}
	var rows []Row
	for {
		row, err := r.Next()
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
}

func want() Row {
	return Row{
		ID: "b1", Click: true, Advertiser: "1458", Floor: 5, PayPrice: 74,
		User: User{Tags: []string{"10006", "10110"}, Region: "146", City: "156", UserAgent: "windows_ie"},
		Context: Context{
			Weekday: "4", Hour: "7", AdExchange: "2", Domain: "d1", SlotID: "s1", SlotWidth: "120", SlotHeight: "600",
			SlotVisibility: "OtherView", SlotFormat: "Na",
		},
	}
}

func TestReadLayouts(t *testing.T) {
	official := strings.Join([]string{
		"b1", "20130613070000123", "1", "u", "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)", "1.2.3.*", "146", "156",
		"2", "d1", "url", "null", "s1", "120", "600", "OtherView", "Na", "5", "c", "300", "74", "null", "1458", "10006,10110",
	}, "\t")
	unlabelled := want()
	unlabelled.Click = false
	tests := []struct {
		name, log string
		want      Row
	}{
		{"csv", header + `1,4,07,b1,1,windows_ie,146,156,2,d1,s1,120,600,OtherView,Na,5,74,1458,"10006,10110"`, want()},
		{"byte order mark, CRLF, empty line", "\xef\xbb\xbf" + strings.TrimSpace(header) + "\r\n\r\n" +
			`1,4,7,b1,1,windows_ie,146,156,2,d1,s1,120,600,OtherView,Na,5,74,1458,"10006,10110"` + "\r\n", want()},
		{"make-ipinyou-data", "click\tweekday\thour\t" + strings.ReplaceAll(officialColumns, " ", "\t") + "\n" +
			"1\t4\t7\t" + official, want()},
		{"official", official, unlabelled},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rows, err := read(t, tt.log)
			if err != nil {
				t.Fatal(err)
			}
			if len(rows) != 1 || !reflect.DeepEqual(rows[0], tt.want) {
				t.Errorf("got %+v\nwant %+v", rows, tt.want)
			}
		})
	}
}

func TestReadMissingAndOtherLogTypes(t *testing.T) {
	rows, err := read(t, header+
		"0,4,7,b1,2,windows_ie,1,1,2,d,s,1,1,0,0,5,74,1458,null\n"+
		"0,null,null,b2,1,null,null,null,null,null,null,null,null,null,null,null,null,9,null\n")
	if err != nil {
		t.Fatal(err)
	}
	if want := []Row{{ID: "b2", Advertiser: "9"}}; !reflect.DeepEqual(rows, want) {
		t.Errorf("got %+v, want %+v", rows, want)
	}
}

func TestReadRefuses(t *testing.T) {
	line := func(replace, by string) string {
		return header + strings.Replace("1,4,7,b1,1,windows_ie,146,156,2,d1,s1,120,600,0,0,5,74,1458,10006\n", replace, by, 1)
	}
	tests := []struct{ name, log, err string }{
		{"empty", "", "log: empty log"},
		{"no header", "1,2,3\n", "log:1: no header"},
		{"missing column", strings.Replace(header, ",payprice", "", 1), "log:1: header lacks column payprice"},
		{"no clock", strings.Replace(header, "hour,", "", 1), "log:1: header lacks columns weekday and hour"},
		{"twice", strings.Replace(header, "slotid", "city", 1), "log:1: header names column city twice"},
		{"short line", header + "1,2\n", "log:2: 2 columns, want 19"},
		{"click", line("1,", "yes,"), "log:2: column click"},
		{"hour", line("7", "24"), "log:2: column hour"},
		{"price", line("74", "-1"), "log:2: column payprice"},
		{"NaN", line("74", "NaN"), "log:2: column payprice"},
		{"advertiser", line("1458", "null"), "log:2: column advertiser is empty"},
		{"open quote", line("10006", `"10006`), "log:2: quote"},
		{"tags", line("10006", `"`+strings.Repeat("1,", 300)+`"`), "log:2: column usertag: 301 tags"},
		{"long line", line("10006", strings.Repeat("1", MaxLine)), "log:2: line longer than"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := read(t, tt.log)
			if err == nil || !strings.HasPrefix(err.Error(), tt.err) {
				t.Errorf("got error %v, want %s…", err, tt.err)
			}
		})
	}
}

func TestFilesAndCompression(t *testing.T) {
	log := header + "1,4,7,b1,1,windows_ie,146,156,2,d1,s1,120,600,0,0,5,74,1458,10006\n"
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	if _, err := z.Write([]byte(log)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"plain": []byte(log), "gzip": zipped.Bytes()} {
		path := filepath.Join(t.TempDir(), "log")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		rows, err := ReadTrainingFile(path)
		if err != nil || len(rows) != 1 {
			t.Errorf("%s: %d rows, error %v", name, len(rows), err)
		}
	}
	bzipped, err := base64.StdEncoding.DecodeString(officialBzip2)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "one.tsv.bz2")
	if err := os.WriteFile(path, bzipped, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadFile(path); err != nil {
		t.Errorf("bzip2: %v", err)
	}
	if _, err := ReadTrainingFile(path); !errors.Is(err, ErrNoClick) {
		t.Errorf("official log for training: error %v, want ErrNoClick", err)
	}
}

// officialBzip2 is a made-up row in the official format, by bzip2, for which Go has no compressor.
const officialBzip2 = "QlpoOTFBWSZTWWZah9wAACpbgEAwABF/wAAAniWagCAAahoU2k/UhiNNBoGqfpqjQ9IBkeo0dDakryoM" +
	"rFK0qREYO84ZyFQzCLtxFnWAxc9KlJOgJuxdJCZDHYb5XkFtKoREWrY9jDEUTSJCj78XckU4UJBmWofc"

func TestShortUserAgent(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "windows_ie": "windows_ie", "curl/8": "other_other",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 6_0 like Mac OS X) AppleWebKit/536.26 Version/6.0 Safari/8536.25":     "ios_safari",
		"Mozilla/5.0 (Windows NT 6.1) AppleWebKit/537.1 (KHTML, like Gecko) Chrome/21 Safari/537.1 SE 2.X MetaSr": "windows_sogou",
		"Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko":                                    "windows_ie",
		"Mozilla/5.0 (Linux; U; Android 4.0; zh-cn) AppleWebKit/534.30 Version/4.0 Mobile Safari/534.30":          "android_safari",
	} {
		if got := shortUserAgent(in); got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
}
