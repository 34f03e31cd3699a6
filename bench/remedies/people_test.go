package remedies

import (
	"slices"
	"testing"

	"cipherbid/bench/econ"
	"cipherbid/bidder/ipinyou"
)

// The identity release gives every user back, but for tags that too few carry.
func TestIdentity(t *testing.T) {
	l, p := smallPeople(t, 800)
	for i, u := range p.identity().users() {
		want := l.Rows[i].User
		var tags []string
		for _, tag := range distinct(want.Tags) {
			if slices.Contains(p.tags, tag) {
				tags = append(tags, tag)
			}
		}
		if !slices.Equal(u.Tags, tags) || u.Region != want.Region || u.City != want.City || u.UserAgent != want.UserAgent {
			t.Fatalf("user %d: %+v, want %+v", i, u, want)
		}
	}
	if !slices.IsSortedFunc(p.vocab[city], compareCodes) || compareCodes("9", "10") >= 0 || compareCodes("10", "x") >= 0 {
		t.Error("codes are out of order")
	}
}

func TestMask(t *testing.T) {
	l := &econ.Log{}
	for i := range 100 {
		u := ipinyou.User{Tags: []string{"common"}, Region: "1", City: "2", UserAgent: "windows_ie"}
		if i < 12 {
			u.Tags = append(u.Tags, "rare")
		}
		if i < 3 {
			u.Region = "9"
		}
		l.Rows = append(l.Rows, ipinyou.Row{User: u})
	}
	p := newPeople(l)
	users := mask{share: .2, drop: []int{city}}.protect(p).users()
	if u := users[0]; !slices.Equal(u.Tags, []string{"common"}) || u.Region != pooled || u.City != "" || u.UserAgent != "windows_ie" {
		t.Errorf("masked %+v", u)
	}
	if u := users[50]; u.Region != "1" {
		t.Errorf("a common region became %q", u.Region)
	}
	if u := (mask{share: .1}).protect(p).users()[0]; len(u.Tags) != 2 || u.City != "2" {
		t.Errorf("masked too much: %+v", u)
	}
	if u := contextual(p).users()[0]; len(u.Tags) != 0 || u.Region+u.City+u.UserAgent != "" {
		t.Errorf("contextual targeting knows %+v", u)
	}
}

func TestSegments(t *testing.T) {
	l := &econ.Log{}
	for i := range 30 {
		var tags []string
		if i < 20 {
			tags = append(tags, "13403")
		}
		if i < 11 {
			tags = append(tags, "11278", "10063") // the last is no in-market segment
		}
		l.Rows = append(l.Rows, ipinyou.Row{User: ipinyou.User{Tags: tags}})
	}
	p := newPeople(l)
	s := segments(p)
	for i, want := range map[int]string{0: "11278", 15: "13403"} {
		if got := p.tags[s[i]]; got != want {
			t.Errorf("user %d is in segment %s, want %s", i, got, want)
		}
	}
	if int(s[25]) != len(p.tags) {
		t.Errorf("a user without tags is in segment %d", s[25])
	}
}
