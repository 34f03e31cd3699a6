package sealed

import (
	"strings"
	"testing"

	"cipherbid/loadgen"
)

func TestFailedAuctionsInvalidate(t *testing.T) {
	good, bad := &loadgen.Result{Queries: 2000, Good: 1999}, &loadgen.Result{Queries: 10, Good: 7}
	r := &Result{}
	if ok, reason := r.decided([]*loadgen.Result{good}); !ok {
		t.Error(reason)
	}
	if ok, reason := r.decided([]*loadgen.Result{good, bad}); ok || !strings.HasPrefix(reason, "4 of 2010 auctions") {
		t.Errorf("%v: %s", ok, reason)
	}
	if ok, _ := r.decided(nil); ok {
		t.Error("nothing was decided")
	}
}

func TestGatesOfMeasurementsHold(t *testing.T) {
	few := loadgen.Gate{Name: loadgen.GateSamples, Reason: "few"}
	wrong := loadgen.Gate{Name: loadgen.GateAnswers, Reason: "3 wrong"}
	if ok, reason := valid([]*loadgen.Result{{Checked: 5, Gates: []loadgen.Gate{few}}}); !ok || !strings.Contains(reason, "5 answers") {
		t.Errorf("%v: %s", ok, reason)
	}
	if ok, reason := valid([]*loadgen.Result{{Gates: []loadgen.Gate{few}}, {Gates: []loadgen.Gate{wrong}}}); ok || !strings.Contains(reason, "3 wrong") {
		t.Errorf("%v: %s", ok, reason)
	}
}
