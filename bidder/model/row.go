package model

import "cipherbid/bidder/ipinyou"

// Attributes appends a log row's private attributes to dst: fields usertag, region, city, useragent.os and
// useragent.browser. Missing ones are left out.
func Attributes(u ipinyou.User, dst []Attribute) []Attribute {
	for _, t := range u.Tags {
		dst = append(dst, Attribute{"usertag", t})
	}
	os, browser := u.Platform()
	for _, a := range [...]Attribute{
		{"region", u.Region}, {"city", u.City}, {"useragent.os", os}, {"useragent.browser", browser},
	} {
		if a.Value != "" {
			dst = append(dst, a)
		}
	}
	return dst
}

// RowContext is the public context of a log row. It implements [Context]. It is read-only and safe for concurrent use.
type RowContext struct {
	context   ipinyou.Context
	floorBand string
}

// NewRowContext takes the context and the floor band from a log row.
func NewRowContext(r ipinyou.Row) *RowContext {
	return &RowContext{context: r.Context, floorBand: FloorBand(r.Floor)}
}

// Get returns the value of one of [ContextKeys].
func (c *RowContext) Get(key string) string {
	switch key {
	case "weekday":
		return c.context.Weekday
	case "hour":
		return c.context.Hour
	case "adexchange":
		return c.context.AdExchange
	case "domain":
		return c.context.Domain
	case "slotwidth":
		return c.context.SlotWidth
	case "slotheight":
		return c.context.SlotHeight
	case "slotvisibility":
		return c.context.SlotVisibility
	case "slotformat":
		return c.context.SlotFormat
	case "floorband":
		return c.floorBand
	}
	return ""
}
