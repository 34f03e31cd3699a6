package replay

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func TestLoadRefuses(t *testing.T) {
	unlabelled := filepath.Join(t.TempDir(), "log.csv")
	header := "weekday,hour,bidid,useragent,region,city,adexchange,domain,slotwidth,slotheight,slotvisibility,slotformat,slotprice,payprice,advertiser,usertag\n"
	if err := os.WriteFile(unlabelled, []byte(header), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ name, data, test, want string }{
		{"no such log", "nowhere.csv", "", "nowhere.csv"},
		{"log without clicks", unlabelled, "", "no click column"},
		{"test log without a log to train on", "", unlabelled, "data file to train on"},
	} {
		if _, err := Load(tc.data, tc.test, 10, 1, dim); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}

func TestRecordsRoundTrip(t *testing.T) {
	records := []Record{
		{Auction: "a1", Winner: "x", Price: 1.0 / 3, PlainWinner: "y", PlainPrice: 2e-300, TopBid: math.Nextafter(1, 2), SecondBid: 123456789.123456789},
		{Auction: "a2"},
		{Auction: `with "quotes", commas`, Winner: "line\nbreak", Price: 5},
	}
	var b bytes.Buffer
	if err := WriteRecords(&b, records); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(rows[0], ","), "auction_id,winner,price,plain_winner,plain_price,top_bid,second_bid"; got != want {
		t.Errorf("header %s, want %s", got, want)
	}
	if len(rows) != 1+len(records) {
		t.Fatalf("%d lines of %d records", len(rows), len(records))
	}
	for i, row := range rows[1:] {
		number := func(at int) float64 {
			v, err := strconv.ParseFloat(row[at], 64)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		got := Record{Auction: row[0], Winner: row[1], Price: number(2), PlainWinner: row[3], PlainPrice: number(4), TopBid: number(5), SecondBid: number(6)}
		want := records[i]
		if got.Auction != want.Auction || got.Winner != want.Winner || got.PlainWinner != want.PlainWinner || got.Price != want.Price ||
			got.PlainPrice != want.PlainPrice || got.TopBid != want.TopBid || got.SecondBid != want.SecondBid {
			t.Errorf("record %d: %+v, was %+v", i, got, want)
		}
	}
}

// A summary without clicks or sales is still JSON: no field is NaN, and an AUC that does not exist is not there.
func TestEmptySummaryIsJSON(t *testing.T) {
	var b bytes.Buffer
	if err := (&Summary{Disagreements: []Disagreement{}}).WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(b.Bytes(), &fields); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"auc_encrypted", "auc_plain"} {
		if v, ok := fields[key]; ok {
			t.Errorf("%s is %v", key, v)
		}
	}
	if got := aucOf([]Record{{score: 1}, {score: 2}}, func(r *Record) float64 { return r.score }); !math.IsNaN(got) {
		t.Errorf("AUC %g without clicks", got)
	}
	if finite(math.NaN()) != nil || *finite(0.5) != 0.5 {
		t.Error("finite numbers")
	}
}

func TestAUCOfRecordsWithAScore(t *testing.T) {
	records := []Record{{score: 1}, {score: 2, click: true}, {score: math.NaN(), click: true}, {score: 3}, {score: 4, click: true}}
	if got := aucOf(records, func(r *Record) float64 { return r.score }); got != 0.75 {
		t.Errorf("AUC %g, want 3 of 4 pairs", got)
	}
}
