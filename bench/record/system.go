package record

import (
	"encoding/json"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
)

// System describes a machine, without its name. What cannot be read is "unknown" or 0.
type System struct {
	ID          string   `json:"id"` // such as amd-epyc-2c-1a2b3c; the same for the same description
	CPU         string   `json:"cpu"`
	Cores       int      `json:"cores"` // logical ones that the process may use
	MemoryBytes int64    `json:"memory_bytes"`
	OS          string   `json:"os"`
	Arch        string   `json:"arch"`
	Kernel      string   `json:"kernel"`
	Governor    string   `json:"governor"` // of frequency scaling
	SIMD        []string `json:"simd"`     // flags of the CPU that matter for lattice arithmetic and symmetric cryptography
}

// memoryStep rounds the memory size: what the kernel reserves differs a little from boot to boot.
const memoryStep = 64 << 20

// simdFlags are the flags of x86 and ARM that the kernel may report and that we keep.
var simdFlags = strings.Fields(`sse2 ssse3 sse4_1 sse4_2 avx avx2 bmi2 adx aes pclmulqdq sha_ni gfni vaes vpclmulqdq
	avx512f avx512dq avx512bw avx512vl avx512cd avx512ifma avx512vbmi avx512_vbmi2 avx512_vnni avx512_bitalg
	avx512_vpopcntdq avx_ifma asimd pmull sha1 sha2 sha3 sha512 sve sve2`)

func thisSystem() *System {
	info, memory := readProc("/proc/cpuinfo"), readProc("/proc/meminfo")
	s := &System{
		CPU: info["model name"], Cores: runtime.NumCPU(), OS: runtime.GOOS, Arch: runtime.GOARCH,
		Kernel:   oneLine("/proc/sys/kernel/osrelease"),
		Governor: oneLine("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
		SIMD:     []string{},
	}
	if s.CPU == "" {
		s.CPU = Unknown
	}
	if kb, err := strconv.ParseInt(strings.TrimSuffix(memory["MemTotal"], " kB"), 10, 64); err == nil {
		s.MemoryBytes = (kb<<10 + memoryStep/2) / memoryStep * memoryStep
	}
	has := map[string]bool{}
	for _, f := range strings.Fields(info["flags"] + " " + info["Features"]) {
		has[f] = true
	}
	for _, f := range simdFlags {
		if has[f] {
			s.SIMD = append(s.SIMD, f)
		}
	}
	s.ID = s.Hash()
	return s
}

var (
	marketing = regexp.MustCompile(`(?i)\((r|tm)\)|@.*|\b(cpu|processor|\d+-core)\b`)
	notPlain  = regexp.MustCompile(`[^a-z0-9]+`)
)

// Hash is the id that follows from the description.
func (s *System) Hash() string {
	t := *s
	t.ID = ""
	b, err := json.Marshal(t)
	if err != nil {
		return Unknown // not reached: a System holds only strings and numbers
	}
	name := notPlain.ReplaceAllString(strings.ToLower(marketing.ReplaceAllString(s.CPU, " ")), "-")
	name = strings.Trim(name, "-")
	if len(name) > 32 {
		name = strings.Trim(name[:32], "-")
	}
	return strings.Trim(name+"-"+strconv.Itoa(s.Cores)+"c-"+hexHash(b)[:6], "-")
}

// readProc reads the lines "name: value" of a file; the first line of a name counts.
func readProc(path string) map[string]string {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	m := map[string]string{}
	for line := range strings.Lines(string(b)) {
		name, value, _ := strings.Cut(line, ":")
		name = strings.TrimSpace(name)
		if _, ok := m[name]; !ok {
			m[name] = strings.TrimSpace(value)
		}
	}
	return m
}

func oneLine(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return Unknown
	}
	return strings.TrimSpace(string(b))
}
