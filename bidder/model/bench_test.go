package model

import (
	"fmt"
	"testing"

	"cipherbid/bidder/ipinyou"
)

func benchMap(b *testing.B) *FeatureMap {
	var names []string
	for i := range 100 {
		names = append(names, fmt.Sprintf("usertag=%d", 10000+i))
	}
	names = append(names, "usertag=none", "region=1", "city=1", "useragent.os=windows", "useragent.browser=ie")
	m, err := NewFeatureMap(128, names)
	if err != nil {
		b.Fatal(err)
	}
	return m
}

func benchRow() ipinyou.Row {
	return ipinyou.Row{
		User: ipinyou.User{Tags: []string{"10001", "10002", "10003", "10030", "10040", "10090"}, Region: "1", City: "1", UserAgent: "windows_ie"},
		Context: ipinyou.Context{
			Weekday: "1", Hour: "3", AdExchange: "2", Domain: "17", SlotWidth: "300", SlotHeight: "250", SlotVisibility: "0", SlotFormat: "0",
		},
	}
}

func BenchmarkEncode(b *testing.B) {
	m := benchMap(b)
	attrs, x := Attributes(benchRow().User, nil), make([]float64, m.Dim())
	b.ReportAllocs()
	for b.Loop() {
		x = m.Encode(attrs, x)
	}
}

func BenchmarkBias(b *testing.B) {
	g := randomGLM(b, benchMap(b), 16)
	ctx := NewRowContext(benchRow())
	b.ReportAllocs()
	sum := 0.0
	for b.Loop() {
		v, _ := g.Bias(1, ctx)
		sum += v
	}
}

// BenchmarkBiases is the whole of a bidder's context model for 16 campaigns.
func BenchmarkBiases(b *testing.B) {
	g := randomGLM(b, benchMap(b), 16)
	ctx := NewRowContext(benchRow())
	var dst []float64
	b.ReportAllocs()
	for b.Loop() {
		dst = g.Biases(ctx, dst)
	}
}

func TestHotPathDoesNotAllocate(t *testing.T) {
	m := exampleMap(t)
	g := randomGLM(t, m, 8)
	row := benchRow()
	ctx, attrs := NewRowContext(row), Attributes(row.User, nil)
	x, all := make([]float64, m.Dim()), make([]float64, 8)
	if n := testing.AllocsPerRun(100, func() {
		x = m.Encode(attrs, x)
		all = g.Biases(ctx, all)
		g.Bias(1, ctx)
		g.LogBid(1, x, ctx)
	}); n != 0 {
		t.Errorf("%g allocations, want none", n)
	}
}
