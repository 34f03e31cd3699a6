package loadgen

// Search looks for the highest rate that holds: it doubles until a rate fails, then bisects until the highest that held and
// the lowest that failed are close. It assumes that what holds at a rate holds below. It runs nothing itself, and is not safe
// for concurrent use.
type Search struct {
	Start     float64 // first rate to try
	Max       float64 // highest
	Tolerance float64 // how close the two have to be, relative

	held, failed float64 // 0 while there is none
}

// giveUpAt is the part of the first rate below which the search does not go.
const giveUpAt = 1.0 / 1024

// Next returns the next rate to try; ok is false when the search is over.
func (s *Search) Next() (rate float64, ok bool) {
	switch {
	case s.held == 0 && s.failed == 0:
		rate, ok = min(s.Start, s.Max), s.Start > 0
	case s.failed == 0:
		rate, ok = min(2*s.held, s.Max), s.held < s.Max
	case s.held == 0:
		rate, ok = s.failed/2, s.failed/2 >= s.Start*giveUpAt
	default:
		rate, ok = (s.held+s.failed)/2, s.failed > s.held*(1+s.Tolerance)
	}
	return rate, ok
}

// Saw tells the search what became of a rate.
func (s *Search) Saw(rate float64, held bool) {
	switch {
	case held:
		s.held = max(s.held, rate)
	case s.failed == 0:
		s.failed = rate
	default:
		s.failed = min(s.failed, rate)
	}
}

// Peak is the highest rate that held, 0 if none did.
func (s *Search) Peak() float64 { return s.held }
