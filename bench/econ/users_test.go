package econ

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestUserIDs(t *testing.T) {
	for name, tt := range map[string]struct {
		log  string
		want map[string]string
	}{
		"comma":       {"click,bidid,userid,usertag\n0,b1,u1,\"1,2\"\n1,b2,u2,3\n0,b3,null,\n", map[string]string{"b1": "u1", "b2": "u2"}},
		"tab":         {"BidID\tx\tipinyouid\nb1\t0\tu1\n", map[string]string{"b1": "u1"}},
		"official":    {"b1\tt\t1\tu1\trest\nb2\tt\t1\tu1\trest\n", map[string]string{"b1": "u1", "b2": "u1"}},
		"no user":     {"click,bidid\n0,b1\n", nil},
		"short lines": {"bidid,userid\nb1\n\nb2,u2\n", map[string]string{"b2": "u2"}},
	} {
		got, err := userIDs(strings.NewReader(tt.log))
		if err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if _, err := userIDs(strings.NewReader("bidid,userid\n" + strings.Repeat("x", 1<<17))); err == nil {
		t.Error("read an endless line")
	}
}

func FuzzUserIDs(f *testing.F) {
	f.Add("click,bidid,userid,usertag\n0,b1,u1,\"1,2\"\n")
	f.Add("b1\tt\t1\tu1\trest\n")
	f.Fuzz(func(t *testing.T, log string) {
		ids, err := userIDs(strings.NewReader(log))
		if err == nil && len(ids) > strings.Count(log, "\n")+1 {
			t.Errorf("%d users in %d lines", len(ids), strings.Count(log, "\n")+1)
		}
	})
}

func TestNumber(t *testing.T) {
	l := builtIn(5, 1)
	ids := map[string]string{l.Rows[0].ID: "u", l.Rows[2].ID: "v", l.Rows[3].ID: "u"}
	l.Users = 0
	l.number(ids)
	if want := []int32{0, 1, 2, 0, 3}; !reflect.DeepEqual(l.User, want) || l.Users != 4 {
		t.Errorf("users %v of %d, want %v", l.User, l.Users, want)
	}
}

func TestOpen(t *testing.T) {
	a, err := Open("", 50, 3)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Open("", 50, 3)
	if err != nil || a.Info != b.Info || len(a.Rows) != 50 || a.Users != 50 || a.Oracle == nil {
		t.Errorf("the built-in market is not the same twice: %+v, %+v, %v", a.Info, b.Info, err)
	}
	if _, err := Open(filepath.Join(t.TempDir(), "absent.csv"), 0, 1); err == nil {
		t.Error("opened an absent log")
	}
	path := filepath.Join(t.TempDir(), "log.csv.gz.csv")
	if err := os.WriteFile(path, []byte("advertiser,nothing\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, 0, 1); err == nil {
		t.Error("opened a log without columns")
	}
	if got := logName("/x/impressions.csv.gz"); got != "impressions" {
		t.Errorf("log name %q", got)
	}
}

func TestWithoutTag(t *testing.T) {
	l := builtIn(300, 1)
	const tag = "10063"
	before, other := 0, l.WithoutTag(tag)
	for i, r := range l.Rows {
		for _, have := range r.User.Tags {
			if have == tag {
				before++
			}
		}
		for _, have := range other.Rows[i].User.Tags {
			if have == tag {
				t.Fatalf("row %d still has the tag", i)
			}
		}
	}
	if before == 0 || other.Name == l.Name {
		t.Errorf("%d users had the tag; names %s and %s", before, l.Name, other.Name)
	}
}
