package ipinyou

import (
	"bytes"
	"fmt"
	"strconv"
	"time"
)

const (
	// maxTags bounds the user tags of one row. The official logs have fewer than 50.
	maxTags = 256
	// maxPrice bounds prices, far above the log's 0..300, to keep sums exact.
	maxPrice = 1e9
	// maxInterned bounds the strings a decoder keeps to share between rows.
	maxInterned = 1 << 16
)

// decoder turns the lines of one log into rows.
type decoder struct {
	layout layout
	fields [][]byte
	seen   map[string]string
}

func newDecoder(l layout) *decoder {
	return &decoder{layout: l, seen: make(map[string]string)}
}

// decode reads one line, which it consumes. ok is false, without an error, for rows that are not impressions.
func (d *decoder) decode(line []byte) (row Row, ok bool, err error) {
	d.fields, err = splitLine(line, d.layout.sep, d.fields[:0])
	if err != nil {
		return Row{}, false, err
	}
	if len(d.fields) != d.layout.width {
		return Row{}, false, fmt.Errorf("%d columns, want %d", len(d.fields), d.layout.width)
	}
	if t := d.raw(colLogType); len(t) > 0 && string(t) != "1" {
		return Row{}, false, nil
	}
	row = Row{
		ID:         string(d.raw(colBidID)), // unique per row, so not worth sharing
		Advertiser: d.text(colAdvertiser),
		User: User{
			Region:    d.text(colRegion),
			City:      d.text(colCity),
			UserAgent: d.share([]byte(shortUserAgent(string(d.raw(colUserAgent))))),
		},
		Context: Context{
			AdExchange:     d.text(colAdExchange),
			Domain:         d.text(colDomain),
			SlotID:         d.text(colSlotID),
			SlotWidth:      d.text(colSlotWidth),
			SlotHeight:     d.text(colSlotHeight),
			SlotVisibility: d.text(colSlotVisibility),
			SlotFormat:     d.text(colSlotFormat),
		},
	}
	if row.Advertiser == "" {
		return Row{}, false, fmt.Errorf("column %s is empty", colAdvertiser)
	}
	if row.Click, err = d.click(); err != nil {
		return Row{}, false, err
	}
	if row.Floor, err = d.price(colSlotPrice); err != nil {
		return Row{}, false, err
	}
	if row.PayPrice, err = d.price(colPayPrice); err != nil {
		return Row{}, false, err
	}
	if row.User.Tags, err = d.tags(); err != nil {
		return Row{}, false, err
	}
	if row.Context.Weekday, row.Context.Hour, err = d.clock(); err != nil {
		return Row{}, false, err
	}
	return row, true, nil
}

// raw returns the bytes of a column, nil if the log lacks it or says null.
func (d *decoder) raw(c column) []byte {
	i := d.layout.at[c]
	if i < 0 {
		return nil
	}
	f := bytes.TrimSpace(d.fields[i])
	if string(f) == "null" {
		return nil
	}
	return f
}

func (d *decoder) text(c column) string { return d.share(d.raw(c)) }

// share returns b as a string, one copy for all rows while the table has room.
func (d *decoder) share(b []byte) string {
	if s, ok := d.seen[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(d.seen) < maxInterned {
		d.seen[s] = s
	}
	return s
}

func (d *decoder) click() (bool, error) {
	if d.layout.at[colClick] < 0 {
		return false, nil
	}
	switch f := d.raw(colClick); string(f) {
	case "0":
		return false, nil
	case "1":
		return true, nil
	default:
		return false, fmt.Errorf("column %s: %.20q is neither 0 nor 1", colClick, f)
	}
}

func (d *decoder) price(c column) (float64, error) {
	f := d.raw(c)
	if len(f) == 0 {
		return 0, nil
	}
	p, err := strconv.ParseFloat(string(f), 64)
	if err != nil || !(p >= 0 && p <= maxPrice) {
		return 0, fmt.Errorf("column %s: %.20q is not a price from 0 to %g", c, f, float64(maxPrice))
	}
	return p, nil
}

func (d *decoder) tags() ([]string, error) {
	rest := d.raw(colUserTag)
	if len(rest) == 0 {
		return nil, nil
	}
	n := bytes.Count(rest, []byte{','}) + 1
	if n > maxTags {
		return nil, fmt.Errorf("column %s: %d tags, at most %d", colUserTag, n, maxTags)
	}
	tags := make([]string, 0, n)
	for tag := range bytes.SplitSeq(rest, []byte{','}) {
		if tag = bytes.TrimSpace(tag); len(tag) > 0 {
			tags = append(tags, d.share(tag))
		}
	}
	return tags, nil
}

// clock returns weekday and hour, from their own columns or from the timestamp.
func (d *decoder) clock() (weekday, hour string, err error) {
	if d.layout.at[colWeekday] >= 0 && d.layout.at[colHour] >= 0 {
		if weekday, err = d.number(colWeekday, 6); err != nil {
			return "", "", err
		}
		hour, err = d.number(colHour, 23)
		return weekday, hour, err
	}
	const hourly = "2006010215" // the rest of the 17 digits is minutes, seconds and milliseconds
	f := d.raw(colTimestamp)
	if len(f) == 0 {
		return "", "", nil
	}
	if len(f) < len(hourly) {
		return "", "", fmt.Errorf("column %s: %.20q is not yyyyMMddHHmmssSSS", colTimestamp, f)
	}
	t, err := time.Parse(hourly, string(f[:len(hourly)]))
	if err != nil {
		return "", "", fmt.Errorf("column %s: %.20q is not yyyyMMddHHmmssSSS", colTimestamp, f)
	}
	return strconv.Itoa(int(t.Weekday())), strconv.Itoa(t.Hour()), nil
}

// number reads an integer from 0 to max and returns it without leading zeros.
func (d *decoder) number(c column, max int) (string, error) {
	f := d.raw(c)
	if len(f) == 0 {
		return "", nil
	}
	n, err := strconv.Atoi(string(f))
	if err != nil || n < 0 || n > max {
		return "", fmt.Errorf("column %s: %.20q is not from 0 to %d", c, f, max)
	}
	return strconv.Itoa(n), nil
}
