package ipinyou

import (
	"bytes"
	"fmt"
	"strings"
)

// column names a column that a row is made of.
type column int

const (
	colClick column = iota
	colWeekday
	colHour
	colTimestamp
	colBidID
	colLogType
	colUserAgent
	colRegion
	colCity
	colAdExchange
	colDomain
	colSlotID
	colSlotWidth
	colSlotHeight
	colSlotVisibility
	colSlotFormat
	colSlotPrice
	colPayPrice
	colAdvertiser
	colUserTag
	numColumns
)

func (c column) String() string {
	return [numColumns]string{
		"click", "weekday", "hour", "timestamp", "bidid", "logtype", "useragent", "region", "city", "adexchange", "domain",
		"slotid", "slotwidth", "slotheight", "slotvisibility", "slotformat", "slotprice", "payprice", "advertiser", "usertag",
	}[c]
}

// optional reports whether a log may lack the column. Weekday and hour can be had from the timestamp instead.
func (c column) optional() bool {
	switch c {
	case colClick, colWeekday, colHour, colTimestamp, colLogType, colSlotID:
		return true
	}
	return false
}

// layout says where a log's columns are.
type layout struct {
	sep   byte
	width int             // columns of a line
	at    [numColumns]int // position of each column, -1 if absent
}

// officialColumns is the layout of training2nd and training3rd of the official set, which have no header.
const officialColumns = "bidid timestamp logtype ipinyouid useragent IP region city adexchange domain url urlid slotid " +
	"slotwidth slotheight slotvisibility slotformat slotprice creative bidprice payprice keypage advertiser usertag"

// detectLayout derives the layout from a log's first line. header tells whether the line is a header, not a row.
func detectLayout(line []byte) (l layout, header bool, err error) {
	sep := byte(',')
	if bytes.IndexByte(line, '\t') >= 0 {
		sep = '\t'
	}
	fields, err := splitLine(bytes.Clone(line), sep, nil)
	if err != nil {
		return layout{}, false, err
	}
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = strings.ToLower(strings.TrimSpace(string(f)))
		header = header || names[i] == "advertiser"
	}
	if header {
		l, err = newLayout(sep, names)
		return l, true, err
	}
	official := strings.Fields(officialColumns)
	if sep != '\t' || len(fields) != len(official) {
		return layout{}, false, fmt.Errorf("no header with a column advertiser, and not the official layout of %d TAB separated columns", len(official))
	}
	l, err = newLayout(sep, official)
	return l, false, err
}

func newLayout(sep byte, names []string) (layout, error) {
	l := layout{sep: sep, width: len(names)}
	for c := range numColumns {
		l.at[c] = -1
		for i, name := range names {
			if name != c.String() {
				continue
			}
			if l.at[c] >= 0 {
				return layout{}, fmt.Errorf("header names column %s twice", c)
			}
			l.at[c] = i
		}
		if l.at[c] < 0 && !c.optional() {
			return layout{}, fmt.Errorf("header lacks column %s", c)
		}
	}
	if l.at[colTimestamp] < 0 && (l.at[colWeekday] < 0 || l.at[colHour] < 0) {
		return layout{}, fmt.Errorf("header lacks columns weekday and hour, and timestamp as well")
	}
	return l, nil
}
