// Package econ measures what a change to an ad market's data or arithmetic does to everybody's money, paired auction by auction
// with the market that it replaces. The suites of packages utility and remedies are built on it.
//
// Start with [Open], which reads or makes a [Log]; [Log.Split] divides it into rows to fit on and rows to auction;
// [Split.Fit] and [Split.Bids], or [Split.Lanes] for the encrypted arithmetic, give a treatment's [Bids]; [Split.Blocks] with
// [Measure] compares them with a reference over many resamples, and [Combine] turns that into intervals. What each metric means,
// and what the log cannot tell, stands in README.md beside this file.
//
// Everything is a function of the data and the seeds, except that encryption draws its own randomness: encrypted bids differ from
// run to run by their noise, about 2^-18 of a log-bid. Nothing here uses the price paid, the bid or an id as a feature. Values
// may be read from several goroutines once made.
package econ

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"cipherbid/bench/record"
	"cipherbid/bench/replay"
	"cipherbid/bidder/ipinyou"
	"cipherbid/bidder/synth"
)

// TrainFraction is the share of a log's rows that models are fitted to.
const TrainFraction = 0.7

// BuiltInRows is the size of the built-in market unless asked otherwise: about as many as the iPinYou sample has.
const BuiltInRows = 20000

// Log is an impression log to experiment on.
type Log struct {
	Name   string          // "built-in", or the log's file name
	Info   record.DataInfo // for the manifest
	Rows   []ipinyou.Row   // in log order
	User   []int32         // for each row, the number of its user, from 0
	Users  int             // number of users
	Rate   float64         // share of the non-clicks that the log kept
	Values map[string]float64
	Oracle *synth.Oracle // the hidden click model, nil for a log of the real world
}

// Open reads the log at path, an iPinYou-format log that kept all clicks and [replay.SampleNonClickRate] of the others. With an
// empty path it makes the built-in market of as many rows, [BuiltInRows] if rows is 0.
func Open(path string, rows int, seed uint64) (*Log, error) {
	if path == "" {
		return builtIn(rows, seed), nil
	}
	l := &Log{Name: logName(path), Rate: replay.SampleNonClickRate}
	var err error
	if l.Rows, err = ipinyou.ReadTrainingFile(path); err != nil {
		return nil, err
	}
	if l.Values, err = ipinyou.Values(path, l.Rows, l.Rate); err != nil {
		return nil, err
	}
	ids, err := readUserIDs(path)
	if err != nil {
		return nil, fmt.Errorf("users of %s: %w", path, err)
	}
	l.number(ids)
	sum, err := hashFile(path)
	if err != nil {
		return nil, err
	}
	l.Info = record.DataInfo{Name: filepath.Base(path), SHA256: sum, Licence: "iPinYou: research use, not redistributed", Rows: len(l.Rows)}
	return l, nil
}

func builtIn(rows int, seed uint64) *Log {
	if rows == 0 {
		rows = BuiltInRows
	}
	l := &Log{
		Name: "built-in", Rows: synth.Market(seed, rows), Rate: synth.NonClickRate, Values: synth.Values(), Oracle: synth.NewOracle(),
		Info: record.DataInfo{Name: fmt.Sprintf("built-in market, seed %d", seed), Licence: "Apache-2.0", Rows: rows},
	}
	h := sha256.New()
	for i := range l.Rows {
		fmt.Fprintf(h, "%+v\n", l.Rows[i])
	}
	l.Info.SHA256 = hex.EncodeToString(h.Sum(nil))
	l.number(nil)
	return l
}

// logName is the file's name without its extensions.
func logName(path string) string {
	name := filepath.Base(path)
	for ext := filepath.Ext(name); ext != "" && ext != name; ext = filepath.Ext(name) {
		name = name[:len(name)-len(ext)]
	}
	return name
}

// number gives every row its user's number. A row whose id is not among ids is a user of its own.
func (l *Log) number(ids map[string]string) {
	seen := map[string]int32{}
	l.User = make([]int32, len(l.Rows))
	for i := range l.Rows {
		user, known := ids[l.Rows[i].ID]
		n, met := seen[user]
		if !known || !met {
			n = int32(l.Users)
			l.Users++
		}
		if known {
			seen[user] = n
		}
		l.User[i] = n
	}
}

func hashFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("hash log: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("hash log: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Weight is how many impressions of the full log row i stands for.
func (l *Log) Weight(i int) float64 {
	if l.Rows[i].Click {
		return 1
	}
	return 1 / l.Rate
}

// WithUsers returns the log's rows with other users in them, one for each row.
func (l *Log) WithUsers(users []ipinyou.User) []ipinyou.Row {
	rows := slices.Clone(l.Rows)
	for i := range rows {
		rows[i].User = users[i]
	}
	return rows
}

// WithoutTag returns a copy of the log in which no user has the tag, under another name.
func (l *Log) WithoutTag(tag string) *Log {
	c := *l
	c.Name += "-without-" + tag
	c.Rows = slices.Clone(l.Rows)
	for i, r := range c.Rows {
		if slices.Contains(r.User.Tags, tag) {
			c.Rows[i].User.Tags = slices.DeleteFunc(slices.Clone(r.User.Tags), func(t string) bool { return t == tag })
		}
	}
	return &c
}
