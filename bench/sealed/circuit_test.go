package sealed

import (
	"strings"
	"testing"

	"cipherbid/crypto/message"
)

// Every part of a circuit's life works on what the others made, over and over: the last one compares the outcome with the bids.
func TestCircuitsLiveTwice(t *testing.T) {
	for _, s := range []Size{{1, 1}, {10, 1}, {3, 6}} {
		l, err := newLife(s, 7)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			for _, p := range l.parts() {
				if err := p.do(); err != nil {
					t.Fatalf("%s: %s: %v", s, p.name, err)
				}
			}
		}
		if l.legBytes() <= 0 || l.stockBytes() <= l.circuit.TableBytes() || len(l.legs[0].Tables) != 0 {
			t.Errorf("%s: legs of %d bytes, stock of %d, tables of %d", s, l.legBytes(), l.stockBytes(), l.circuit.TableBytes())
		}
	}
}

func TestWrongOutcomesAreNoticed(t *testing.T) {
	l, err := newLife(Size{4, 2}, 7)
	if err != nil {
		t.Fatal(err)
	}
	l.best[0] = (l.best[0] + 1) % 4
	for _, p := range l.parts() {
		if err = p.do(); err != nil {
			break
		}
	}
	if err == nil || !strings.Contains(err.Error(), "the circuit sells") {
		t.Errorf("%v", err)
	}
}

func TestSalesAreReproducible(t *testing.T) {
	a, err := newSale(Size{5, 2}, 3)
	if err != nil {
		t.Fatal(err)
	}
	b, err := newSale(Size{5, 2}, 3)
	if err != nil {
		t.Fatal(err)
	}
	for part := range a.by {
		x, y := a.by[part], b.by[part]
		if x.Trustee != y.Trustee || x.Entries[4].Z[1][1] != y.Entries[4].Z[1][1] {
			t.Errorf("one seed gave two sales to the %s", message.Part(part))
		}
	}
}
