package node

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// operator is some public key.
const operator = "FbQs3RWWtUYN0NrTjiV600eszc1DnHe50PUpeTxgxwM="

// lines is a config file with one line for each field, from line 2 on.
func lines(fields ...string) string { return "{\n" + strings.Join(fields, ",\n") + "\n}\n" }

func common(more ...string) string {
	return lines(append([]string{
		`"id": "a"`, `"listen": "127.0.0.1:0"`, `"directory": "keys/directory.json"`, `"operator": "` + operator + `"`, `"keys": "keys"`,
	}, more...)...)
}

func TestLoadRefuses(t *testing.T) {
	for _, tc := range []struct {
		name string
		into config
		text string
		want []string
	}{
		{"empty file", &Trustee{}, "", []string{"line 1", "EOF"}},
		{"cut off", &Trustee{}, "{\n\"id\": \"a\",\n", []string{"line 3", "unexpected EOF"}},
		{"no JSON", &Trustee{}, lines(`"id": "a"`, `id: 7`), []string{"line 3", "invalid character 'i'"}},
		{"unknown field", &Trustee{}, common(`"colour": "red"`, `"state": "state"`), []string{"line 7", `unknown field "colour"`}},
		{"unknown field of another role", &Auctioneer{}, common(`"state": "state"`), []string{"line 7", `unknown field "state"`}},
		{"unknown field, named in a value before", &Agent{}, lines(`"id": "x"`, `"keys": "seats"`, `"seats" : 1`), []string{"line 4", `"seats"`}},
		{"wrong type", &Trustee{}, common(`"state": 7`), []string{"line 7", "state", "number"}},
		{"operator is not base64", &Trustee{}, lines(`"id": "a"`, `"operator": "%"`), []string{"operator", "base64"}},
		{"second value", &Trustee{}, common(`"state": "state"`) + "{}", []string{"after the end"}},
		{"nothing in it", &Agent{}, "{}", []string{`"id" is missing`}},
		{"trustee without state", &Trustee{}, common(), []string{`"state" is missing`}},
		{"bidder without features", &Bidder{}, common(`"model": "m"`), []string{`"features" is missing`}},
		{"bidder without model", &Bidder{}, common(`"features": "f"`), []string{`"model" is missing`}},
		{"agent without features", &Agent{}, common(), []string{`"features" is missing`}},
		{"negative reserve", &Auctioneer{}, common(`"rank_reserve_ms": -1`), []string{"reserves must not be negative"}},
		{"unknown ranking", &Auctioneer{}, common(`"ranking": "secret"`), []string{`ranking "secret"`, "want sealed or open"}},
		{"negative stock", &Trustee{}, common(`"state": "state"`, `"stock": -1`), []string{"stock must not be negative"}},
		{"records of open auctions", &Trustee{}, common(`"state": "state"`, `"records": "r"`), []string{"records are of sealed auctions"}},
		{"transcripts of open auctions", &Auctioneer{}, common(`"ranking": "open"`, `"transcripts": "t"`), []string{"transcripts are of sealed auctions"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "party.json")
			if err := os.WriteFile(path, []byte(tc.text), 0o600); err != nil {
				t.Fatal(err)
			}
			err := Load(path, tc.into)
			if err == nil {
				t.Fatal("was accepted")
			}
			for _, want := range append(tc.want, path) {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
		})
	}
}

// Every field that all servers need is missed.
func TestLoadMissesEveryField(t *testing.T) {
	for _, name := range []string{"id", "listen", "directory", "operator", "keys"} {
		var kept []string
		for line := range strings.Lines(common()) {
			if strings.HasPrefix(line, `"`) && !strings.HasPrefix(line, `"`+name+`"`) {
				kept = append(kept, strings.TrimSuffix(strings.TrimSpace(line), ","))
			}
		}
		path := filepath.Join(t.TempDir(), "auctioneer.json")
		if err := os.WriteFile(path, []byte(lines(kept...)), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := Load(path, &Auctioneer{}); err == nil || !strings.Contains(err.Error(), `"`+name+`" is missing`) {
			t.Errorf("without %s: %v", name, err)
		}
	}
}

func TestLoadNamesTheFileThatIsNotThere(t *testing.T) {
	if err := Load("nowhere.json", &Agent{}); err == nil || !strings.Contains(err.Error(), "nowhere.json") {
		t.Error(err)
	}
}

func TestSaveAndLoad(t *testing.T) {
	var c Common
	path := filepath.Join(t.TempDir(), "party.json")
	if err := os.WriteFile(path, []byte(common(`"features": "f"`)), 0o600); err != nil {
		t.Fatal(err)
	}
	var agent Agent
	if err := Load(path, &agent); err != nil {
		t.Fatal(err)
	}
	c = agent.Common
	for _, pair := range [][2]config{
		{&agent, &Agent{}},
		{&Trustee{Common: c, State: "state", Link: "127.0.0.1:7"}, &Trustee{}},
		{&Trustee{Common: c, State: "state", Stock: new(int), RequireAll: true}, &Trustee{}},
		{&Bidder{c, "features.json", "a.model.json"}, &Bidder{}},
		{&Auctioneer{Common: c, Ranking: "open", NetworkReserveMS: 3, RankReserveMS: 40}, &Auctioneer{}},
	} {
		if err := Save(path, pair[0]); err != nil {
			t.Fatal(err)
		}
		if err := Load(path, pair[1]); err != nil {
			t.Errorf("%T: %v", pair[0], err)
		}
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("saved %+v, loaded %+v", pair[0], pair[1])
		}
	}
}

// Paths are relative to the config file, not to where the program was started.
func TestPathsAreRelativeToTheFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.json"), []byte(common(`"state": "/var/state"`)), 0o600); err != nil {
		t.Fatal(err)
	}
	var c Trustee
	if err := Load(filepath.Join(dir, "a.json"), &c); err != nil {
		t.Fatal(err)
	}
	if got, want := c.path(c.Keys), filepath.Join(dir, "keys"); got != want {
		t.Errorf("keys are in %s, want %s", got, want)
	}
	if got := c.path(c.State); got != "/var/state" {
		t.Errorf("state is in %s", got)
	}
}
