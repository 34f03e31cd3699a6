package train

import (
	"cipherbid/bidder/ipinyou"
	"fmt"
	"math"
	"testing"
	"time"
)

func TestExp(t *testing.T) {
	rows, err := ipinyou.ReadTrainingFile("../../../shared/data/ipinyou/impressions.csv.gz")
	if err != nil {
		t.Fatal(err)
	}
	for _, seed := range []uint64{1} {
		tr, te := Split(rows, seed, 0.7)
		for _, mc := range []int{5} {
			s, err := newSpace(tr, Options{128, mc})
			if err != nil {
				t.Fatal(err)
			}
			d, _ := newDesign(s, tr)
			e, _ := newDesign(s, te)
			fmt.Println("seed", seed, len(tr), len(te), "size", s.size(), "mincount", mc, len(s.features.Features()))
			for _, link := range []string{"log", "logit"} {
				for _, ls := range []float64{2, 8} {
					for _, ld := range []float64{8, 32} {
						p := problem{design: d, loss: loss{link, 0.00891}}
						for b := 0; b < d.blocks; b++ {
							for j := 0; j < d.width; j++ {
								l := ls
								if b > 0 {
									l = ld
								}
								if j == d.width-1 {
									l = 1e-3
								}
								p.penalty = append(p.penalty, l)
							}
						}
						th := make([]float64, d.parameters())
						th[d.width-1] = math.Log(0.0008)
						t0 := time.Now()
						err := p.solve(th)
						el := time.Since(t0)
						var sc, ps []float64
						for i := range e.rows() {
							eta := e.dot(i, th)
							sc = append(sc, eta)
							ps = append(ps, sampledP(math.Exp(eta), .00891))
						}
						fmt.Printf("%s ls=%g ld=%g auc %.4f ll %.5f %v %v\n", link, ls, ld, AUC(sc, e.click, nil), LogLoss(ps, e.click, nil), el, err)
					}
				}
			}
		}
	}
}
