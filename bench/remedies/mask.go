package remedies

// mask is generalisation and suppression by hand: values that few users have disappear, whole fields may.
type mask struct {
	share float64 // tags carried by a smaller share of users are suppressed, other such values pooled into one
	drop  []int   // fields that are suppressed
}

// pooled is the word for all rare values of a field.
const pooled = "rare"

func (m mask) protect(t *people) *release {
	r := t.identity()
	least := m.share * float64(t.records())
	for a := range t.attributes() {
		count := make([]int, t.size(a))
		for _, v := range t.values[a] {
			count[v]++
		}
		if a < len(t.tags) {
			if float64(count[1]) < least {
				r.hide(a)
			}
			continue
		}
		words := append([]string{}, r.words[a]...)
		rare := int32(len(words))
		words = append(words, pooled)
		for i, v := range t.values[a] {
			if float64(count[v]) < least {
				r.symbols[a][i] = rare
			}
		}
		r.words[a] = words
	}
	for _, f := range m.drop {
		r.hide(len(t.tags) + f)
	}
	return r
}

// contextual releases nothing.
func contextual(t *people) *release {
	r := t.identity()
	for a := range t.attributes() {
		r.hide(a)
	}
	return r
}
