package train

import (
	"hash/fnv"

	"cipherbid/bidder/ipinyou"
)

// Split divides rows into a training part, a share of about frac, and the rest, keeping their order. Where a row goes
// depends on the seed and its ID alone, so the split survives sorting, sampling and concatenation of logs.
func Split(rows []ipinyou.Row, seed uint64, frac float64) (train, test []ipinyou.Row) {
	for _, r := range rows {
		if position(seed, r.ID) < frac {
			train = append(train, r)
		} else {
			test = append(test, r)
		}
	}
	return train, test
}

// position hashes a row to [0, 1): FNV-1a of the ID, mixed with the seed by the finaliser of splitmix64, since FNV alone
// hardly moves its high bits for IDs that differ at the end.
func position(seed uint64, id string) float64 {
	h := fnv.New64a()
	h.Write([]byte(id))
	x := h.Sum64() ^ (seed+1)*0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	x ^= x >> 31
	return float64(x>>11) / (1 << 53)
}
