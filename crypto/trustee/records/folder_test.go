package records

import (
	"bytes"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cipherbid/crypto/message"
	"cipherbid/crypto/params"
	"cipherbid/crypto/trustee"
)

var _ trustee.Recorder = (*Folder)(nil)

func epoch(t *testing.T) *message.Epoch {
	t.Helper()
	p, err := params.Default(64)
	if err != nil {
		t.Fatal(err)
	}
	return &message.Epoch{Params: p, Period: 7}
}

func hint(e *message.Epoch, first uint32) message.Hint {
	h := message.Hint{Seat: "ada", Values: make([]uint32, e.Params.N())}
	h.Values[0] = first
	h.Digest = message.HintDigest(h.Seat, h.Values)
	return h
}

// files reads a folder.
func files(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o", path, info.Mode().Perm())
		}
		found[d.Name()], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestRecordsAreWrittenWholeAndHintsOnce(t *testing.T) {
	e, root := epoch(t), filepath.Join(t.TempDir(), "records")
	one, two := hint(e, 1), hint(e, 2)
	f, err := Open(root, e, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	f.Record(message.Digest{1}, []byte("first"), []message.Hint{one})
	f.Record(message.Digest{2}, []byte("second"), []message.Hint{one, two})
	f.Record(message.Digest{1}, []byte("first, again"), nil) // another attempt
	f.Close()
	f.Close()
	if f.Lost() != 0 {
		t.Errorf("%d lost", f.Lost())
	}
	path := filepath.Join(root, PeriodFolder(7))
	for _, dir := range []string{root, path} {
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v, %v", dir, info, err)
		}
	}
	want := map[string][]byte{
		File(message.Digest{1}): []byte("first, again"), File(message.Digest{2}): []byte("second"),
		HintFile(one.Digest): e.EncodeHint(&one), HintFile(two.Digest): e.EncodeHint(&two),
	}
	got := files(t, root)
	if len(got) != len(want) {
		t.Errorf("%d files", len(got))
	}
	for name, b := range want {
		if !bytes.Equal(got[name], b) {
			t.Errorf("%s holds %d bytes, want %d", name, len(got[name]), len(b))
		}
	}
	// After a restart hints that are there are left alone.
	if err := os.WriteFile(filepath.Join(path, HintFile(one.Digest)), []byte("as it was"), 0o600); err != nil {
		t.Fatal(err)
	}
	if f, err = Open(root, e, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	f.Record(message.Digest{3}, []byte("third"), []message.Hint{one})
	f.Close()
	if got := files(t, root); string(got[HintFile(one.Digest)]) != "as it was" || string(got[File(message.Digest{3})]) != "third" {
		t.Error("a hint was written again, or the record was not")
	}
}

// What cannot be kept is counted, logged without its content, and wiped.
func TestLostRecordsAreCounted(t *testing.T) {
	e, root := epoch(t), t.TempDir()
	if err := os.Chmod(root, 0o700); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	f, err := Open(root, e, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	one := hint(e, 1)
	for _, name := range []string{HintFile(one.Digest), File(message.Digest{2})} { // folders cannot be replaced by files
		if err := os.MkdirAll(filepath.Join(root, PeriodFolder(7), name+".tmp"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	noHint, noFile, late := []byte("secret one"), []byte("secret two"), []byte("secret three")
	f.Record(message.Digest{1}, noHint, []message.Hint{one})
	f.Record(message.Digest{2}, noFile, nil)
	f.Close()
	f.Record(message.Digest{3}, late, nil)
	if f.Lost() != 3 {
		t.Errorf("%d lost, want 3", f.Lost())
	}
	for _, b := range [][]byte{noHint, noFile, late} {
		if len(bytes.Trim(b, "\x00")) > 0 {
			t.Errorf("%q was not wiped", b)
		}
	}
	if got := log.String(); strings.Contains(got, "secret") || strings.Count(got, "auction not recorded") != 3 || !strings.Contains(got, "lost=3") {
		t.Errorf("log:\n%s", got)
	}
	if got := files(t, root); len(got) != 0 {
		t.Errorf("files %v", got)
	}
}

// A disk that hangs costs records, and no time.
func TestFullQueueDropsRecords(t *testing.T) {
	f := &Folder{log: slog.New(slog.DiscardHandler), queue: make(chan job, 2)} // nobody writes
	for n := range byte(5) {
		f.Record(message.Digest{n}, []byte("secret"), nil)
	}
	if f.Lost() != 3 || len(f.queue) != 2 {
		t.Errorf("%d lost, %d wait", f.Lost(), len(f.queue))
	}
}

func TestFolderThatOthersCanReadIsRefused(t *testing.T) {
	root := t.TempDir()
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(root, epoch(t), slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "run chmod 700") {
		t.Error(err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(file, epoch(t), slog.New(slog.DiscardHandler)); err == nil {
		t.Error("a file was taken for a folder")
	}
}
