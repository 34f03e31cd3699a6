package train

import (
	"slices"

	"cipherbid/bidder/ipinyou"
	"cipherbid/bidder/model"
)

// design is the sparse binary matrix of a set of rows. Row i has ones at active[start[i]:start[i+1]].
//
// Parameters are blocks of size()+1, each the weights of the space's features and an intercept: block 0 is shared by all
// advertisers, block 1+a is advertiser a's deviation from it. A row meets two blocks, so its linear form is
// theta0.x + theta_{1+a}.x, the "frustratingly easy" domain adaptation of Daume (ACL 2007).
type design struct {
	width      int // parameters of a block
	blocks     int
	start      []int
	active     []int32
	advertiser []int32
	click      []bool
}

// newDesign leaves out rows of advertisers that the space does not know.
func newDesign(s *space, rows []ipinyou.Row) *design {
	d := &design{width: s.size() + 1, blocks: 1 + len(s.advertisers), start: []int{0}}
	var attrs []model.Attribute
	x := make([]float64, s.features.Dim())
	for _, r := range rows {
		a, ok := slices.BinarySearch(s.advertisers, r.Advertiser)
		if !ok {
			continue
		}
		attrs = model.Attributes(r.User, attrs[:0])
		for i, v := range s.features.Encode(attrs, x) {
			if v != 0 {
				d.active = append(d.active, int32(i))
			}
		}
		ctx := model.NewRowContext(r)
		for _, key := range model.ContextKeys() {
			if i, ok := s.context[key+"="+ctx.Get(key)]; ok {
				d.active = append(d.active, int32(i))
			}
		}
		d.active = append(d.active, int32(d.width-1)) // the intercept
		d.start = append(d.start, len(d.active))
		d.advertiser = append(d.advertiser, int32(a))
		d.click = append(d.click, r.Click)
	}
	return d
}

func (d *design) rows() int       { return len(d.click) }
func (d *design) parameters() int { return d.width * d.blocks }

// dot returns the linear form of row i.
func (d *design) dot(i int, theta []float64) float64 {
	own := theta[d.width*(1+int(d.advertiser[i])):]
	sum := 0.0
	for _, j := range d.active[d.start[i]:d.start[i+1]] {
		sum += theta[j] + own[j]
	}
	return sum
}

// own returns the linear form of row i under the weights of one advertiser, a single block.
func (d *design) own(i int, w []float64) float64 {
	sum := 0.0
	for _, j := range d.active[d.start[i]:d.start[i+1]] {
		sum += w[j]
	}
	return sum
}

// add adds v times row i to g.
func (d *design) add(i int, v float64, g []float64) {
	own := g[d.width*(1+int(d.advertiser[i])):]
	for _, j := range d.active[d.start[i]:d.start[i+1]] {
		g[j] += v
		own[j] += v
	}
}
