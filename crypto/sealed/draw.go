package sealed

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"cipherbid/crypto/message"
)

// DrawOrder places a seat, and a campaign within it, in an order that the request's digest decides: of equal bids on an imp the
// one with the lower pair wins. Seats that tie are equally likely to win, however many campaigns of theirs tie, and no bidder
// can choose its place.
func DrawOrder(request *message.Digest, imp int, seat string, campaign int) [2]uint64 {
	drawn := drawSeat(request, imp, seat)
	return [2]uint64{binary.LittleEndian.Uint64(drawn[:]), drawCampaign(&drawn, campaign)}
}

func drawSeat(request *message.Digest, imp int, seat string) [sha256.Size]byte {
	b := append([]byte("cipherbid tie v1"), request[:]...)
	b = append(binary.LittleEndian.AppendUint32(b, uint32(imp)), seat...)
	return sha256.Sum256(b)
}

func drawCampaign(seat *[sha256.Size]byte, campaign int) uint64 {
	var b [sha256.Size + 4]byte
	copy(b[:], seat[:])
	binary.LittleEndian.PutUint32(b[sha256.Size:], uint32(campaign))
	sum := sha256.Sum256(b[:])
	return binary.LittleEndian.Uint64(sum[:])
}

// bidder is a manifest entry that bids on an imp.
type bidder struct {
	entry int
	order uint64
	rank  uint32 // higher is earlier in draw order
	lanes []lane // in draw order
}

type lane struct {
	index int // into the entry's Lanes
	order uint64
}

// bidders lists who bids on an imp, in draw order. Lanes with a cap below the range never count, and are left out.
func bidders(m *message.Manifest, imp int) []bidder {
	var all []bidder
	for i := range m.Entries {
		entry := &m.Entries[i]
		b := bidder{entry: i}
		drawn := drawSeat(&m.Request, imp, entry.Seat)
		for k, l := range entry.Lanes {
			if int(l.Imp) == imp && l.Cap >= lowestLane {
				b.lanes = append(b.lanes, lane{k, drawCampaign(&drawn, int(l.Campaign))})
			}
		}
		if len(b.lanes) == 0 {
			continue
		}
		b.order = binary.LittleEndian.Uint64(drawn[:])
		slices.SortStableFunc(b.lanes, func(x, y lane) int { return cmp.Compare(x.order, y.order) })
		all = append(all, b)
	}
	slices.SortStableFunc(all, func(x, y bidder) int { return cmp.Compare(x.order, y.order) })
	for i := range all {
		all[i].rank = uint32(len(all) - 1 - i)
	}
	return all
}
