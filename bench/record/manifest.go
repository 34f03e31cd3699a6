package record

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"time"
)

// SchemaVersion names the layout of a run, described by schema/run.v1.json.
const SchemaVersion = "run.v1"

// Unknown stands for what could not be found out.
const Unknown = "unknown"

// Manifest says what ran. Callers of [Open] fill in the first group.
type Manifest struct {
	Suite    string            `json:"suite"`
	Command  []string          `json:"command"`
	Scenario string            `json:"scenario,omitempty"`
	Params   map[string]any    `json:"params"` // full parameters with moduli, load, tmax; plain JSON values; see [QuickParam]
	Data     *DataInfo         `json:"data,omitempty"`
	Seeds    map[string]uint64 `json:"seeds,omitempty"`
	// Gates names conditions that the run must reach. Those without a verdict at Close fail: an interrupted run is not valid.
	Gates []string `json:"gates,omitempty"`
	// Started is when measuring began: now, unless a suite that opens its run afterwards says otherwise.
	Started time.Time `json:"started"`

	// Filled in by Open.
	Schema      string            `json:"schema"`
	Commit      string            `json:"commit"` // full hash, or unknown
	Dirty       bool              `json:"dirty"`  // the code differs from the commit; files below results do not count
	GoVersion   string            `json:"go_version"`
	GoSumSHA256 string            `json:"go_sum_sha256"` // or unknown
	Build       map[string]string `json:"build"`         // build settings that change the code, such as GOAMD64 and -tags
	GOMAXPROCS  int               `json:"gomaxprocs"`
	GOGC        int               `json:"gogc"` // per cent, -1 if the collector is off
	System      string            `json:"system"`

	// Filled in by Close.
	RunID    string            `json:"run_id"`
	Finished time.Time         `json:"finished"`
	Files    map[string]string `json:"files"` // SHA-256 of every other file of the run, in hexadecimal
}

// DataInfo says which data a run used. SHA256 is hexadecimal, empty if they were generated from a seed; Licence is an SPDX name or a
// short description.
type DataInfo struct {
	Name    string `json:"name"`
	SHA256  string `json:"sha256"`
	Licence string `json:"licence"`
	Rows    int    `json:"rows"`
}

// describeProcess fills in the code and the runtime.
func (m *Manifest) describeProcess(root string) {
	m.GoVersion = runtime.Version()
	m.GOMAXPROCS = runtime.GOMAXPROCS(0)
	m.GOGC = gcPercent()
	m.Build = map[string]string{}
	stamped, stampedDirty := "", false
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				stamped = s.Value
			case "vcs.modified":
				stampedDirty = s.Value == "true"
			case "GOAMD64", "GOARM64", "GOEXPERIMENT", "-tags", "-gcflags", "-race", "CGO_ENABLED":
				m.Build[s.Key] = s.Value
			}
		}
	}
	m.Commit, m.Dirty = commit(root, stamped, stampedDirty)
	m.GoSumSHA256 = goSumHash()
}

// commit prefers the revision stamped into the program, since that is what runs, and asks git whether the tree differs from it.
// Without git or a stamp the commit is unknown, and counts as dirty.
func commit(root, stamped string, stampedDirty bool) (hash string, dirty bool) {
	head, err := git("rev-parse", "HEAD")
	if err != nil {
		if stamped == "" {
			return Unknown, true
		}
		return stamped, stampedDirty
	}
	args := []string{"status", "--porcelain", "--", ":/"}
	if abs, err := filepath.Abs(root); err == nil && insideWorkTree(abs) {
		args = append(args, ":(exclude)"+abs)
	}
	changes, err := git(args...)
	dirty = err != nil || changes != ""
	if stamped == "" {
		return head, dirty
	}
	return stamped, dirty || stamped != head
}

func insideWorkTree(path string) bool {
	top, err := git("rev-parse", "--show-toplevel")
	return err == nil && strings.HasPrefix(path, top+string(filepath.Separator))
}

func git(args ...string) (string, error) {
	out, err := exec.Command("git", args...).Output()
	return strings.TrimSpace(string(out)), err
}

// goSumHash is the SHA-256 of go.sum in the working directory or the nearest folder above it.
func goSumHash() string {
	dir, err := os.Getwd()
	for err == nil {
		if b, err := os.ReadFile(filepath.Join(dir, "go.sum")); err == nil {
			return hexHash(b)
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			break
		}
		dir = parent
	}
	return Unknown
}

func gcPercent() int {
	s := []metrics.Sample{{Name: "/gc/gogc:percent"}}
	metrics.Read(s)
	if s[0].Value.Kind() != metrics.KindUint64 || s[0].Value.Uint64() > 1<<31 {
		return -1
	}
	return int(s[0].Value.Uint64())
}

func hexHash(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}
