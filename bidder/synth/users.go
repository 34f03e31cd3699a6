package synth

import (
	"math"
	"math/rand/v2"
	"strconv"

	"cipherbid/bidder/ipinyou"
)

// interests are the latent leanings that make tags go together: games and sports, fashion and family, business.
const interests = 3

type tag struct {
	id      string
	share   float64 // of the tagged users who have it
	leaning [interests]float64
}

// tags lists the set's user segments with their rounded frequency. The leanings are invented.
func tags() []tag {
	return []tag{
		{"10063", .75, [3]float64{.5, .5, 0}}, {"10006", .71, [3]float64{0, 0, .8}}, {"10083", .29, [3]float64{1.2, -.6, 0}},
		{"10024", .28, [3]float64{0, .3, .6}}, {"10059", .26, [3]float64{-.5, 1.4, 0}}, {"10057", .23, [3]float64{1.4, -.5, -.4}},
		{"10075", .23, [3]float64{0, .9, .2}}, {"10031", .23, [3]float64{.3, -.4, 1}}, {"13403", .23, [3]float64{0, -.2, 1.4}},
		{"13866", .22, [3]float64{.7, .4, -.6}}, {"10052", .18, [3]float64{.8, -.5, .7}}, {"14273", .13, [3]float64{.8, 0, .4}},
		{"13800", .12, [3]float64{0, .6, .3}}, {"10077", .12, [3]float64{0, .8, -.2}}, {"10076", .1, [3]float64{0, .9, 0}},
		{"13042", .1, [3]float64{.3, -.3, 1.1}}, {"10048", .08, [3]float64{-.4, .2, 1.1}}, {"13776", .07, [3]float64{0, 0, .7}},
		{"10093", .06, [3]float64{.2, .4, .6}}, {"10684", .05, [3]float64{.7, 0, .3}}, {"10079", .05, [3]float64{-.8, 1.5, 0}},
		{"10102", .03, [3]float64{.3, .5, 0}}, {"10067", .025, [3]float64{-.2, .9, .7}}, {"13678", .024, [3]float64{0, .3, .5}},
		{"10074", .022, [3]float64{-.3, 1, .2}}, {"11944", .022, [3]float64{-.3, .2, 1}}, {"13496", .017, [3]float64{.1, .4, .7}},
		{"11092", .014, [3]float64{0, .6, .3}}, {"16706", .011, [3]float64{.2, .2, .4}}, {"11278", .01, [3]float64{-.4, 1.2, 0}},
		{"11423", .007, [3]float64{-.2, .8, .2}}, {"11576", .007, [3]float64{1, 0, 0}}, {"11379", .006, [3]float64{-.6, 1.4, 0}},
		{"16661", .005, [3]float64{0, .5, 0}}, {"16751", .005, [3]float64{.9, -.6, 0}}, {"11724", .004, [3]float64{0, .8, .6}},
		{"11680", .004, [3]float64{0, .6, .2}}, {"11512", .004, [3]float64{-.8, 1.4, 0}}, {"16593", .003, [3]float64{0, .3, .3}},
		{"11632", .002, [3]float64{.6, 0, .2}},
	}
}

// Gender segments: about a quarter of the tagged users have neither.
const (
	tagMale   = "10110"
	tagFemale = "10111"
)

// place is a region with the codes of its cities, which follow its own, and its share of the users.
type place struct {
	region, cities int
	share          float64
}

func places() []place {
	return []place{
		{216, 21, 168}, {80, 13, 77}, {146, 17, 67}, {94, 11, 55}, {276, 21, 54}, {3, 11, 46}, {164, 18, 45}, {1, 0, 43},
		{183, 17, 34}, {40, 14, 30}, {124, 9, 30}, {333, 10, 28}, {106, 17, 28}, {201, 14, 27}, {15, 11, 26}, {79, 0, 25},
		{238, 14, 23}, {275, 0, 22}, {65, 13, 22}, {55, 9, 20}, {0, 0, 20}, {134, 11, 19}, {2, 0, 15}, {374, 18, 13},
		{308, 16, 13}, {27, 12, 11}, {298, 9, 10}, {344, 14, 9}, {253, 20, 5}, {393, 0, 5}, {368, 5, 4}, {359, 8, 3}, {394, 0, 2},
	}
}

// users draws the people behind impressions.
type users struct {
	tags   []tag
	bias   []float64 // log-odds of each tag for a user without leanings
	places []place
	share  []float64
}

func newUsers() *users {
	u := &users{tags: tags(), places: places()}
	for _, t := range u.tags {
		u.bias = append(u.bias, bias(t))
	}
	for _, p := range u.places {
		u.share = append(u.share, p.share)
	}
	return u
}

// bias solves for the log-odds at which a tag has its share over users whose leanings are standard normal. The logistic
// of a normal is close to a logistic that is flatter by sqrt(1 + pi/8 variance) (MacKay, Neural Computation 4, 1992).
func bias(t tag) float64 {
	variance := 0.0
	for _, l := range t.leaning {
		variance += l * l
	}
	return math.Log(t.share/(1-t.share)) * math.Sqrt(1+math.Pi/8*variance)
}

func (u *users) draw(rng *rand.Rand, a *advertiser) ipinyou.User {
	var z [interests]float64
	for i := range z {
		z[i] = rng.NormFloat64()
	}
	var user ipinyou.User
	p := u.places[pick(rng, u.share)]
	user.Region, user.City = strconv.Itoa(p.region), strconv.Itoa(p.city(rng))
	user.UserAgent = userAgent(rng, a.mobile, z)
	if rng.Float64() >= a.tagged {
		return user
	}
	for i, t := range u.tags {
		odds := u.bias[i]
		for j, l := range t.leaning {
			odds += l * z[j]
		}
		if rng.Float64() < 1/(1+math.Exp(-odds)) {
			user.Tags = append(user.Tags, t.id)
		}
	}
	if rng.Float64() < .77 {
		gender := tagMale
		if rng.Float64() < 1/(1+math.Exp(.9+.8*z[0]-1.2*z[1])) {
			gender = tagFemale
		}
		user.Tags = append(user.Tags, gender)
	}
	return user
}

// city draws a city with Zipf weights: the first is the capital. A region without cities is one itself.
func (p place) city(rng *rand.Rand) int {
	if p.cities == 0 {
		return p.region
	}
	weight := make([]float64, p.cities)
	for i := range weight {
		weight[i] = 1 / float64(i+1)
	}
	return p.region + 1 + pick(rng, weight)
}

// userAgent draws a browser; gamers take to Chrome, business to Macs.
func userAgent(rng *rand.Rand, mobile bool, z [interests]float64) string {
	if mobile {
		return [...]string{"android_safari", "android_other", "android_chrome", "ios_safari"}[pick(rng, []float64{93, 4, 1.5, 1.5})]
	}
	chrome, mac := 33*math.Exp(.4*z[0]-.08), 2.4*math.Exp(.6*z[2]-.18)
	return [...]string{
		"windows_ie", "windows_chrome", "mac_safari", "windows_firefox", "android_safari", "windows_theworld",
		"windows_other", "windows_maxthon", "windows_opera",
	}[pick(rng, []float64{61, chrome, mac, 1, .9, .6, .5, .3, .2})]
}
