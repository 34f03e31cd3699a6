package sealed

import (
	"testing"
	"time"

	"cipherbid/loadgen"
)

func TestCPUTimeIsDividedAmongParties(t *testing.T) {
	r := &loadgen.Result{Good: 90, Late: 6, Partial: 4, Used: &loadgen.Counters{CPU: map[string]time.Duration{
		"trustee-0": 100 * ms1, "trustee-1": 200 * ms1, "trustee-2": 300 * ms1, "auctioneer": 500 * ms1, "1458": 40 * ms1, "1458-2": 60 * ms1,
	}}}
	want := map[string]Party{
		"trustee": {Number: 3, CPU: 2 * ms1}, "bidder": {Number: 2, CPU: ms1 / 2}, "auctioneer": {Number: 1, CPU: 5 * ms1},
	}
	got := partiesOf(Sealed, Size{2, 1}, 0, r)
	for _, p := range got {
		if w := want[p.Kind]; p.Number != w.Number || p.CPU != w.CPU {
			t.Errorf("%s: %s for each of %d, want %s of %d", p.Kind, p.CPU, p.Number, w.CPU, w.Number)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d kinds of parties", len(got))
	}
	if got := partiesOf(Sealed, Size{2, 1}, 0, &loadgen.Result{Used: r.Used}); got != nil {
		t.Errorf("no auctions took %+v", got)
	}
	res := &Result{Parties: append(got, partiesOf(Sealed, Size{2, 1}, 1, r)...)}
	if times := res.PartyTimes(); len(times) != 3 || times[0].CPU.N != 2 || times[0].CPU.Estimate != float64(2*ms1) {
		t.Errorf("%+v", times)
	}
}
