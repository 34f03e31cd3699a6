package replay

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"cipherbid/crypto/message"
	"cipherbid/crypto/params"
)

const dim = 128

// nearTie is the relative gap below which noise may change a winner: more than ten times what it has ever been seen to be.
const nearTie = 1e-3

func load(t *testing.T, data, test string, auctions int, seed uint64) *Data {
	t.Helper()
	d, err := Load(data, test, auctions, seed, dim)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func replay(t *testing.T, d *Data, mode message.Mode) (*Summary, []Record) {
	t.Helper()
	p, err := params.Default(dim)
	if err != nil {
		t.Fatal(err)
	}
	s, records, err := Run(t.Context(), Options{Data: d, Params: p, Mode: mode})
	if err != nil {
		t.Fatal(err)
	}
	if s.Auctions != len(d.Rows) || len(records) != len(d.Rows) {
		t.Fatalf("%d auctions and %d records of %d rows", s.Auctions, len(records), len(d.Rows))
	}
	return s, records
}

// checkAgreement holds the encrypted market to what the plaintext one decides.
func checkAgreement(t *testing.T, s *Summary) {
	t.Helper()
	var table strings.Builder
	s.Print(&table)
	t.Log(table.String())
	if s.WinnerAgreement < 0.999 {
		t.Errorf("same winner in %.3f %% of the auctions", 100*s.WinnerAgreement)
	}
	if want := 1 - float64(len(s.Disagreements))/float64(s.Auctions); math.Abs(s.WinnerAgreement-want) > 1e-12 {
		t.Errorf("agreement %g with %d disagreements", s.WinnerAgreement, len(s.Disagreements))
	}
	for _, d := range s.Disagreements {
		if d.Gap >= nearTie {
			t.Errorf("auction %s: winner %q, in plaintext %q, %g apart", d.Auction, d.Winner, d.PlainWinner, d.Gap)
		}
	}
	if s.PriceErrorMean > 1e-3+s.PriceGrid || s.PriceErrorMax < s.PriceErrorMean || s.PriceErrorMax > nearTie+s.PriceGrid {
		t.Errorf("price error %g on average, %g at worst, grid of %g", s.PriceErrorMean, s.PriceErrorMax, s.PriceGrid)
	}
	if s.RevenueRatio < 1-1e-3-s.PriceGrid || s.RevenueRatio > 1+1e-3 {
		t.Errorf("revenue ratio %g", s.RevenueRatio)
	}
	if s.Sold == 0 {
		t.Error("nothing was sold")
	}
	if s.AUCPlain == nil || (s.AUCEncrypted != nil) != (s.Ranking == "open") {
		t.Fatalf("%s ranking: AUC of opened bids %v, in plaintext %v", s.Ranking, s.AUCEncrypted, s.AUCPlain)
	}
	if s.AUCEncrypted == nil {
		return
	}
	if math.Abs(*s.AUCEncrypted-*s.AUCPlain) > 1e-3 {
		t.Errorf("AUC %g, in plaintext %g", *s.AUCEncrypted, *s.AUCPlain)
	}
}

func TestBuiltInMarket(t *testing.T) {
	d := load(t, "", "", 300, 1)
	t.Run("interrupted", func(t *testing.T) { testInterrupted(t, d) })
	for _, mode := range []message.Mode{message.Sealed, message.Open} {
		t.Run(mode.String(), func(t *testing.T) { testBuiltInMarket(t, d, mode) })
	}
}

func testBuiltInMarket(t *testing.T, d *Data, mode message.Mode) {
	s, records := replay(t, d, mode)
	checkAgreement(t, s)
	if s.Bidders != 9 || s.Ranking != mode.String() || s.PriceGrid != Step(mode) || s.Parameters.N != 2048 || s.Parameters.Dim != dim || s.Parameters.Cap != Cap {
		t.Errorf("%d bidders, %s ranking, parameters %+v", s.Bidders, s.Ranking, s.Parameters)
	}
	for name, p := range map[string]Percentiles{"encrypted": s.LatencyMS, "plaintext": s.PlainLatencyMS} {
		if !(0 < p.P50 && p.P50 <= p.P95 && p.P95 <= p.P99) {
			t.Errorf("latency, %s: %+v", name, p)
		}
	}
	for _, stage := range []string{"encrypt", "validate", "bidders", "ranking", "auction"} {
		if s.StageMS[stage] <= 0 {
			t.Errorf("stage %s took %g ms", stage, s.StageMS[stage])
		}
	}
	if b := s.Bytes; b.Request < 2*2048*50/8 || b.Hint < 4*2048 || b.Response == 0 || b.Ranking == 0 || (b.Links > 10000) != (mode == message.Sealed) {
		t.Errorf("sizes %+v", b)
	}
	for i := range records {
		r := &records[i]
		if r.Winner == "" && r.Price != 0 || r.Winner != "" && r.Price < r.SecondBid*(1-1e-4)*(1-s.PriceGrid) || r.Price > r.TopBid*(1+1e-4) {
			t.Errorf("auction %s: winner %q at %g, second bid %g", r.Auction, r.Winner, r.Price, r.SecondBid)
		}
	}
}

// TestSampleLog replays the iPinYou sample's held-out rows.
func TestSampleLog(t *testing.T) {
	folder := os.Getenv("CIPHERBID_DATA")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "shared", "data")
	}
	path := filepath.Join(folder, "ipinyou", "impressions.csv.gz")
	if _, err := os.Stat(path); err != nil {
		t.Skipf("sample log is not here (set CIPHERBID_DATA to its folder): %v", err)
	}
	const leastAUC = 0.80
	auctions, slack := 1500, 0.0
	if testing.Short() {
		auctions = 150
	}
	d := load(t, path, "", auctions, 1)
	sealed, _ := replay(t, d, 0)
	checkAgreement(t, sealed)
	s, records := replay(t, d, message.Open)
	checkAgreement(t, s)
	if testing.Short() {
		slack = 3 * standardError(leastAUC, records)
	}
	if *s.AUCEncrypted < leastAUC-slack {
		t.Errorf("AUC %.4f, want %.2f less %.3f", *s.AUCEncrypted, leastAUC, slack)
	}
}

// standardError is that of an AUC measured on the records' clicks, by Hanley and McNeil, Radiology 143 (1982), equation 1.
func standardError(auc float64, records []Record) float64 {
	clicks := 0.0
	for i := range records {
		if records[i].click {
			clicks++
		}
	}
	others := float64(len(records)) - clicks
	q1, q2 := auc/(2-auc), 2*auc*auc/(1+auc)
	return math.Sqrt((auc*(1-auc) + (clicks-1)*(q1-auc*auc) + (others-1)*(q2-auc*auc)) / (clicks * others))
}

// A seed fixes market, rows and order; what is left to chance is the noise.
func TestSeed(t *testing.T) {
	const auctions = 60
	all := load(t, "", "", 0, 7)
	if n := len(all.Rows); math.Abs(float64(n)-(1-trainFraction)*builtInRows) > 0.05*builtInRows || n+all.Fit.Report.TrainRows != builtInRows {
		t.Errorf("%d of %d rows are held out, %d were trained on", n, builtInRows, all.Fit.Report.TrainRows)
	}
	some := load(t, "", "", auctions, 7)
	all.Rows = all.Rows[:auctions]
	if !reflect.DeepEqual(some.Rows, all.Rows) {
		t.Fatal("fewer auctions are not the first of more")
	}
	_, a := replay(t, all, message.Sealed)
	_, b := replay(t, some, message.Sealed)
	for i := range a {
		x, y := &a[i], &b[i]
		if x.PlainWinner != y.PlainWinner || x.PlainPrice != y.PlainPrice || x.TopBid != y.TopBid || x.SecondBid != y.SecondBid {
			t.Errorf("auction %d: reference %+v, then %+v", i, x, y)
		}
		if x.Winner != y.Winner && x.gap+y.gap >= nearTie {
			t.Errorf("auction %d: winner %q, then %q", i, x.Winner, y.Winner)
		}
		if x.Winner == y.Winner && math.Abs(x.Price-y.Price) > (1e-4+1.01*Step(message.Sealed))*x.Price { // noise may cross a step
			t.Errorf("auction %d: price %g, then %g", i, x.Price, y.Price)
		}
		if x.Auction == y.Auction {
			t.Errorf("two auctions are called %s", x.Auction)
		}
	}
	other := load(t, "", "", auctions, 8)
	if reflect.DeepEqual(other.Rows[0].User, all.Rows[0].User) && reflect.DeepEqual(other.Rows[1].User, all.Rows[1].User) {
		t.Error("another seed gives the same users")
	}
}

// A replay that is interrupted reports the auctions that it has run.
func testInterrupted(t *testing.T, d *Data) {
	p, err := params.Default(dim)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stopAt := func(done, total int) {
		if total != len(d.Rows) {
			t.Errorf("%d auctions in all", total)
		}
		if done == 10 {
			cancel()
		}
	}
	s, records, err := Run(ctx, Options{Data: d, Params: p, Progress: stopAt})
	if err != nil {
		t.Fatal(err)
	}
	if s.Auctions != 10 || len(records) != 10 {
		t.Errorf("%d auctions and %d records, interrupted after 10", s.Auctions, len(records))
	}
	if _, _, err := Run(ctx, Options{Data: d, Params: p}); err == nil {
		t.Error("an empty replay was reported as one")
	}
}
