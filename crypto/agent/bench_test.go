package agent

import (
	"testing"

	"cipherbid/crypto/keys"
)

func BenchmarkRequest(b *testing.B) {
	for _, suite := range []keys.Suite{keys.Hybrid, keys.X25519, ""} {
		name := string(suite)
		if suite == "" {
			name = "plaintext"
		}
		b.Run(name, func(b *testing.B) {
			m := newMarket(b, suite)
			o := opportunity()
			size := 0
			b.ReportAllocs()
			for b.Loop() {
				raw, _, err := m.agent.Request(o)
				if err != nil {
					b.Fatal(err)
				}
				size = len(raw)
			}
			b.ReportMetric(float64(size), "request-bytes")
		})
	}
}
