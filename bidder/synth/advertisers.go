package synth

import "math"

// advertiser is a compact summary of one advertiser's training set: the counts of arXiv:1407.7073, table 2, and the
// quantiles of the published histogram of its market prices.
type advertiser struct {
	id                  string
	impressions, clicks int64
	cost                float64 // sum of CPM prices paid
	quantiles           [15]float64
	tagged              float64 // share of users with any tag
	exchanges           [4]float64
	mobile              bool
	signal              float64 // how much the hidden model tells of its clicks
}

// levels of the quantiles.
func levels() [15]float64 {
	return [15]float64{0, .01, .05, .1, .2, .3, .4, .5, .6, .7, .8, .9, .95, .99, 1}
}

func advertisers() []advertiser {
	return []advertiser{
		{"1458", 3083056, 2454, 212400241, [15]float64{0, 5, 10, 17, 24, 41, 50, 60, 70, 76, 85, 147, 192, 267, 300}, .87, [4]float64{34, 30, 36}, false, 1.15},
		{"2259", 835556, 280, 77754898, [15]float64{0, 5, 9, 16, 24, 37, 51, 70, 97, 133, 160, 201, 240, 281, 294}, .62, [4]float64{37, 34, 29}, false, .7},
		{"2261", 687617, 207, 61610942, [15]float64{0, 2, 5, 12, 20, 30, 50, 63, 88, 123, 167, 204, 253, 284, 294}, .52, [4]float64{31, 39, 30}, false, .7},
		{"2821", 1322561, 843, 118082339, [15]float64{0, 2, 10, 19, 31, 31, 44, 66, 86, 119, 160, 201, 241, 281, 294}, .6, [4]float64{18, 23, 21, 38}, false, .7},
		{"2997", 312437, 1386, 19689072, [15]float64{4, 5, 6, 6, 13, 23, 30, 41, 55, 74, 106, 153, 199, 257, 277}, .02, [4]float64{}, true, .5},
		{"3358", 1742104, 1358, 160943087, [15]float64{0, 5, 11, 20, 37, 55, 67, 77, 89, 110, 142, 199, 231, 259, 267}, .81, [4]float64{48, 33, 19}, false, 1.3},
		{"3386", 2847802, 2076, 219066895, [15]float64{0, 5, 11, 20, 22, 44, 50, 67, 70, 80, 109, 169, 214, 280, 300}, .83, [4]float64{24, 33, 43}, false, .8},
		{"3427", 2593765, 1926, 210239915, [15]float64{0, 5, 11, 21, 33, 54, 55, 76, 77, 88, 116, 168, 214, 254, 267}, .83, [4]float64{26, 35, 39}, false, 1.2},
		{"3476", 1970360, 1027, 156088484, [15]float64{0, 5, 10, 20, 31, 47, 52, 73, 73, 84, 117, 168, 213, 252, 267}, .98, [4]float64{28, 35, 37}, false, 1},
	}
}

func (a *advertiser) ctr() float64  { return float64(a.clicks) / float64(a.impressions) }
func (a *advertiser) ecpc() float64 { return a.cost / float64(a.clicks) }
func (a *advertiser) cpm() float64  { return a.cost / float64(a.impressions) }

// price returns the whole price below which a share u of the market prices lies, by linear interpolation.
func (a *advertiser) price(u float64) float64 {
	at := levels()
	i := 1
	for i < len(at)-1 && at[i] < u {
		i++
	}
	t := (u - at[i-1]) / (at[i] - at[i-1])
	return math.Round(a.quantiles[i-1] + t*(a.quantiles[i]-a.quantiles[i-1]))
}
