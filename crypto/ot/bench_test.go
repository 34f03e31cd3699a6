package ot

import "testing"

// benchTransfers is the input of a ranking of some hundred lanes.
const benchTransfers = 3000

func BenchmarkTransfer3000(b *testing.B) {
	s, r := pair()
	zero, delta := someLabels(benchTransfers)
	message, _, err := r.Choose(&[32]byte{}, make([]byte, benchTransfers/8), benchTransfers)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Transfer(&[32]byte{}, message, zero, delta); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(message)+CorrectionsBytes(benchTransfers)), "wire-bytes/op")
}

func BenchmarkChoose3000(b *testing.B) {
	_, r := pair()
	choices := make([]byte, benchTransfers/8)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := r.Choose(&[32]byte{}, choices, benchTransfers); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLabels3000(b *testing.B) {
	s, r := pair()
	zero, delta := someLabels(benchTransfers)
	message, chosen, err := r.Choose(&[32]byte{}, make([]byte, benchTransfers/8), benchTransfers)
	if err != nil {
		b.Fatal(err)
	}
	corrections, err := s.Transfer(&[32]byte{}, message, zero, delta)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := chosen.Labels(corrections); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDeal(b *testing.B) {
	for b.Loop() {
		Deal()
	}
}

func BenchmarkUniversal(b *testing.B) {
	r := new(transcript).challenges(benchTransfers)
	column := make([]byte, blocksOf(benchTransfers)*blockBytes)
	var sink element
	for b.Loop() {
		sink = sink.xor(r.of(column))
	}
	if sink != (element{}) {
		b.Fatal("hash of zero is not zero")
	}
}

func BenchmarkRows(b *testing.B) {
	c := make(columns, columnsBytes(1))
	var rows [Base]element
	for b.Loop() {
		c.rows(0, &rows)
	}
}
