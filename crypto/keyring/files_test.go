package keyring

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cipherbid/crypto/keys"
)

func save(tb testing.TB, k *Keyring, dir string) {
	tb.Helper()
	if err := k.Save(dir); err != nil {
		tb.Fatal(err)
	}
}

// list names the files of a folder with their modes.
func list(tb testing.TB, dir string) map[string]fs.FileMode {
	tb.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		tb.Fatal(err)
	}
	modes := map[string]fs.FileMode{}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			tb.Fatal(err)
		}
		modes[e.Name()] = info.Mode()
	}
	return modes
}

func TestSaveAndLoad(t *testing.T) {
	eachMarket(t, func(t *testing.T, suite keys.Suite) {
		dir := filepath.Join(t.TempDir(), "new", "market")
		k := makeKeyring(t, spec(t, suite))
		save(t, k, dir)
		save(t, k, dir) // over itself
		loaded, err := Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		want, got := secrets(t, k), secrets(t, loaded)
		for name := range want {
			if !bytes.Equal(want[name], got[name]) {
				t.Errorf("%s holds another key", name)
			}
		}
		a, errA := k.Signed()
		b, errB := loaded.Signed()
		if errA != nil || errB != nil || !bytes.Equal(a, b) {
			t.Errorf("directories differ: %v, %v", errA, errB)
		}

		files := list(t, dir)
		if len(files) != len(want)+1 || files[DirectoryFile] != 0o644 {
			t.Errorf("files are %v", files)
		}
		for name := range want {
			if mode, ok := files[name]; !ok || mode != 0o600 {
				t.Errorf("%s has mode %v", name, mode)
			}
		}
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("folder has mode %v: %v", info.Mode(), err)
		}
	})
}

func TestRollDestroysTheOldPeriodKeys(t *testing.T) {
	dir := t.TempDir()
	k := makeKeyring(t, spec(t, keys.X25519))
	save(t, k, dir)
	before := list(t, dir)
	// A second name shows what becomes of a file's bytes; a crash while saving leaves a temporary file behind.
	old := filepath.Join(dir, PeriodKeyFile("t1", 1))
	link := filepath.Join(t.TempDir(), "link")
	content, err := os.ReadFile(old)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Link(old, link), os.WriteFile(old+".123.tmp", content, 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := k.Roll(morning.Add(12*time.Hour), time.Hour); err != nil {
		t.Fatal(err)
	}
	save(t, k, dir)
	after := list(t, dir)
	for i, id := range []string{"t1", "t2", "t3"} {
		if _, there := before[PeriodKeyFile(id, 1)]; !there {
			t.Errorf("trustee %d had no period key", i)
		}
		if _, there := after[PeriodKeyFile(id, 1)]; there {
			t.Errorf("trustee %d's old period key is still there", i)
		}
		if _, there := after[PeriodKeyFile(id, 2)]; !there {
			t.Errorf("trustee %d has no new period key", i)
		}
	}
	if len(after) != len(before) {
		t.Errorf("files were %v, are %v", before, after)
	}
	if left, err := os.ReadFile(link); err != nil || !bytes.Equal(left, make([]byte, len(content))) {
		t.Errorf("the old period key's bytes are still on disk: %v", err)
	}
	loaded, err := Load(dir)
	if err != nil || loaded.file.Period.Number != 2 {
		t.Errorf("period %d: %v", loaded.file.Period.Number, err)
	}
}

// Only keys of the named trustee and of earlier periods go.
func TestDestroyOldPeriodKeysSparesTheRest(t *testing.T) {
	dir := t.TempDir()
	names := map[string]bool{ // whether it stays
		PeriodKeyFile("t1", 8): false, PeriodKeyFile("t1", 9): true, PeriodKeyFile("t1", 10): true, PeriodKeyFile("t1", 0): false,
		PeriodKeyFile("t10", 8): true, PeriodKeyFile("t", 8): true, KeyFile("trustee", "t1"): true, "trustee-t1.period-x.key": true,
	}
	for name := range names {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("secret"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := DestroyOldPeriodKeys(dir, "t1", 9); err != nil {
		t.Fatal(err)
	}
	left := list(t, dir)
	for name, stays := range names {
		if _, there := left[name]; there != stays {
			t.Errorf("%s is there: %v", name, there)
		}
	}
	if err := DestroyOldPeriodKeys(filepath.Join(dir, "none"), "t1", 9); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing folder: %v", err)
	}
}

func TestKeysThatOthersCanReadAreRefused(t *testing.T) {
	dir := t.TempDir()
	save(t, makeKeyring(t, spec(t, keys.X25519)), dir)
	for _, name := range []string{OperatorFile, KeyFile("bidder", "seat-a"), PeriodKeyFile("t2", 1)} {
		path := filepath.Join(dir, name)
		for _, mode := range []fs.FileMode{0o640, 0o604, 0o620, 0o644, 0o777} {
			if err := os.Chmod(path, mode); err != nil {
				t.Fatal(err)
			}
			if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), path+" can be read by others: run chmod 600 on it") {
				t.Errorf("%s with mode %o: %v", name, mode, err)
			}
		}
		if err := os.Chmod(path, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(dir); err != nil {
			t.Errorf("the advice does not help: %v", err)
		}
	}
}

// Errors about key files name the file and nothing of what it holds.
func TestErrorsDoNotQuoteKeys(t *testing.T) {
	dir := t.TempDir()
	save(t, makeKeyring(t, spec(t, keys.X25519)), dir)
	for _, name := range []string{KeyFile("publisher", "games_1"), PeriodKeyFile("t2", 1)} {
		path := filepath.Join(dir, name)
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var s struct{ Secret string }
		if err := json.Unmarshal(content, &s); err != nil || len(s.Secret) < 40 {
			t.Fatalf("secret of %d characters: %v", len(s.Secret), err)
		}
		broken := map[string][]byte{"twice": append(content, content...), "two bytes less of the key": bytes.Replace(content, []byte(s.Secret[:8]), nil, 1)}
		for n := range content[:len(content)-2] {
			broken[fmt.Sprintf("cut to %d bytes", n)] = content[:n]
		}
		broken["a number"] = bytes.Replace(content, []byte(`"`+s.Secret+`"`), []byte("17"), 1)
		broken["a bad character"] = bytes.Replace(content, []byte(s.Secret), []byte("!"+s.Secret), 1)
		broken["no quotes"] = bytes.Replace(content, []byte(`"`+s.Secret+`"`), []byte(s.Secret), 1)
		broken["another kind"] = bytes.Replace(content, []byte(`"kind": "`), []byte(`"kind": "x`), 1)
		broken["large"] = append(bytes.Repeat([]byte(" "), 1<<16), content...)
		for what, b := range broken {
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Load(dir)
			if err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("%s, %s: error %v does not name the file", name, what, err)
				continue
			}
			for at := 0; at+6 <= len(s.Secret); at++ {
				if strings.Contains(err.Error(), s.Secret[at:at+6]) {
					t.Errorf("%s, %s: error %q quotes the key", name, what, err)
				}
			}
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	path := func(dir string, name string) string { return filepath.Join(dir, name) }
	for _, tc := range []struct {
		name  string
		spoil func(dir string) error
		says  string
	}{
		{"no operator key", func(dir string) error { return os.Remove(path(dir, OperatorFile)) }, OperatorFile},
		{"no directory", func(dir string) error { return os.Remove(path(dir, DirectoryFile)) }, DirectoryFile},
		{"no bidder's key", func(dir string) error { return os.Remove(path(dir, KeyFile("bidder", "seat-b"))) }, "bidder-seat-b.key"},
		{"no period key", func(dir string) error { return os.Remove(path(dir, PeriodKeyFile("t3", 1))) }, "trustee-t3.period-1.key"},
		{"another operator's key", func(dir string) error {
			return os.Rename(path(dir, KeyFile("auctioneer", "exchange")), path(dir, OperatorFile))
		}, "is the pinned operator key right?"},
		{"an identity for a period key", func(dir string) error {
			return os.Rename(path(dir, KeyFile("trustee", "t3")), path(dir, PeriodKeyFile("t3", 1)))
		}, `holds a key of kind "identity", want "x25519"`},
		{"a period key for an identity", func(dir string) error {
			return os.Rename(path(dir, PeriodKeyFile("t3", 1)), path(dir, KeyFile("trustee", "t3")))
		}, `holds a key of kind "x25519", want "identity"`},
	} {
		dir := t.TempDir()
		save(t, makeKeyring(t, spec(t, keys.X25519)), dir)
		if err := tc.spoil(dir); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: error %v, want one that says %q", tc.name, err, tc.says)
		}
	}
	if _, err := Load(t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an empty folder: %v", err)
	}
}

func TestSaveReportsWhatItCannotWrite(t *testing.T) {
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	k := makeKeyring(t, spec(t, ""))
	if err := k.Save(blocked); err == nil || !strings.Contains(err.Error(), "save keys") {
		t.Errorf("saving into a file: %v", err)
	}
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, KeyFile("bidder", "seat-a"), "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := k.Save(dir); err == nil || !strings.Contains(err.Error(), "save bidder-seat-a.key") {
		t.Errorf("a folder in the place of a key file: %v", err)
	}
	for name := range list(t, dir) {
		if strings.HasSuffix(name, ".tmp") {
			t.Errorf("%s was left behind", name)
		}
	}
}
