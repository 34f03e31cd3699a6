package main

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"cipherbid/bidder/ipinyou"
	"cipherbid/bidder/synth"
	"cipherbid/crypto/keyring"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain puts the program on the tests' PATH, as cipherbid: it is this test binary under another name.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"cipherbid": main})
}

// TestScript runs what users would type: testdata/script/*.txtar.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			return os.WriteFile(e.WorkDir+"/example.json", []byte(keysExample), 0o600) // the spec that the help shows
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"fails":    fails,
			"held":     held,
			"jsonkeys": jsonKeys,
			"mode":     mode,
			"operator": operator,
			"replace":  replace,
			"synthlog": synthLog,
		},
	})
}

// Whatever commands there are, each explains itself on standard output with an example of its own and its flags.
func TestCommandsExplainThemselves(t *testing.T) {
	for _, c := range commands() {
		run := exec.CommandContext(t.Context(), "cipherbid", c.name, "-help")
		var stderr strings.Builder
		run.Stderr = &stderr
		out, err := run.Output()
		if err != nil || stderr.Len() > 0 {
			t.Errorf("%s: %v %s", c.name, err, &stderr)
		}
		for _, want := range []string{"\nExample:\n\n  cipherbid " + c.name + " ", "\nFlags:\n\n  -"} {
			if !strings.Contains(string(out), want) {
				t.Errorf("%s -help does not say %q:\n%s", c.name, want, out)
			}
		}
	}
}

// fails STATUS PROGRAM ARG... runs a program that has to exit with the status.
func fails(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: fails status program arg...")
	}
	status, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != status {
		ts.Fatalf("%v, want exit status %d", err, status)
	}
}

// jsonkeys FILE KEY... checks that an object has the keys, inner ones written a.b, and that none is null.
func jsonKeys(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: jsonkeys file key...")
	}
	var top map[string]any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &top))
	for _, key := range args[1:] {
		var at any = top
		for part := range strings.SplitSeq(key, ".") {
			object, _ := at.(map[string]any)
			at = object[part]
		}
		if at == nil {
			ts.Fatalf("%s has no %s", args[0], key)
		}
	}
}

// mode PERM FILE... checks the permissions of files.
func mode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: mode perm file...")
	}
	for _, file := range args[1:] {
		info, err := os.Stat(ts.MkAbs(file))
		ts.Check(err)
		if got := fmt.Sprintf("%o", info.Mode().Perm()); got != args[0] {
			ts.Fatalf("%s has mode %s, want %s", file, got, args[0])
		}
	}
}

// operator DIR sets OPERATOR to the public key of a market's operator.
func operator(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: operator dir")
	}
	identity, err := keyring.LoadIdentity(ts.MkAbs(args[0]) + "/" + keyring.OperatorFile)
	ts.Check(err)
	ts.Setenv("OPERATOR", identity.Public().String())
}

// replace FROM TO FILE replaces the first FROM in a file, which has to be there.
func replace(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: replace from to file")
	}
	before := ts.ReadFile(args[2])
	after := strings.Replace(before, args[0], args[1], 1)
	if after == before {
		ts.Fatalf("%s holds no %q", args[2], args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(after), 0o600))
}

// synthlog FILE ROWS writes a log of the built-in market in the iPinYou format.
func synthLog(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: synthlog file rows")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	f, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(writeLog(f, synth.Market(1, n)))
	ts.Check(f.Close())
}

func writeLog(f *os.File, rows []ipinyou.Row) error {
	w := csv.NewWriter(f)
	lines := [][]string{strings.Fields("click weekday hour bidid logtype useragent region city adexchange domain slotid " +
		"slotwidth slotheight slotvisibility slotformat slotprice payprice advertiser usertag")}
	price := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	for _, r := range rows {
		click := "0"
		if r.Click {
			click = "1"
		}
		c := r.Context
		lines = append(lines, []string{click, c.Weekday, c.Hour, r.ID, "1", r.User.UserAgent, r.User.Region, r.User.City, c.AdExchange,
			c.Domain, c.SlotID, c.SlotWidth, c.SlotHeight, c.SlotVisibility, c.SlotFormat, price(r.Floor), price(r.PayPrice), r.Advertiser,
			strings.Join(r.User.Tags, ",")})
	}
	return w.WriteAll(lines)
}
