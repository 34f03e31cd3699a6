package quantity

import (
	"math"
	"testing"
)

func TestFormat(t *testing.T) {
	for _, test := range []struct {
		v    float64
		unit string
		want string
	}{
		{1.25e6, "ns", "1.250 ms"}, {999.99, "us", "1.000 ms"}, {26, "us", "26 µs"}, {0.25, "ns", "0.2500 ns"}, {0, "ns", "0 ns"}, {90, "s", "90 s"},
		{25600, "bytes", "25.60 kB"}, {512, "bytes", "512 bytes"}, {0.99912, "", "0.9991"}, {0.5, "ratio", "0.5000"}, {0.25, "share", "0.2500"}, {12.5, "%", "12.50 %"}, {0.25, "count", "0.2500 count"}, {-1234.5678, "", "-1235"},
		{20564, "", "20564"}, {123456.7, "per_s", "123457 /s"}, {1.7e-5, "", "1.700e-5"}, {3e9, "", "3.000e9"}, {3e12, "", "3.000e12"}, {-2e-11, "", "-2.000e-11"}, {5, "per_s", "5 /s"},
	} {
		if got := Format(test.v, test.unit); got != test.want {
			t.Errorf("%v %s: %q, want %q", test.v, test.unit, got, test.want)
		}
	}
}

func TestConvert(t *testing.T) {
	for _, test := range []struct {
		from, to string
		factor   float64
		ok       bool
	}{
		{"ns", "ms", 1e-6, true}, {"s", "us", 1e6, true}, {"bytes", "KiB", 1.0 / 1024, true}, {"", "%", 100, true}, {"per_s", "per_s", 1, true},
		{"ns", "bytes", 0, false}, {"ns", "%", 0, false}, {"per_s", "ns", 0, false}, {"", "ms", 0, false},
	} {
		factor, ok := Convert(test.from, test.to)
		if ok != test.ok || math.Abs(factor-test.factor) > 1e-12*test.factor {
			t.Errorf("%q to %q: %v %v", test.from, test.to, factor, ok)
		}
	}
}

func TestNumberOfWhatIsNone(t *testing.T) {
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if Format(v, "ns") == "" {
			t.Errorf("%v is written as nothing", v)
		}
	}
}
