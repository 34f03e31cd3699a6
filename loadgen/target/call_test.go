package target

import (
	"context"
	"net"
	"testing"
	"time"

	"cipherbid/loadgen"
	"cipherbid/transport"

	"github.com/valyala/fasthttp"
)

func TestAnswersAreSorted(t *testing.T) {
	bodies := map[string]struct {
		status int
		body   string
		want   loadgen.Outcome
	}{
		"sold":      {200, `{"auction":"ab","imps":[{"imp":"1","sold":true,"seat":"s","campaign":3,"price":2.5}]}`, loadgen.Sold},
		"nobody":    {200, `{"auction":"ab","imps":[{"imp":"1"}],"nbr":500}`, loadgen.NoBid},
		"below":     {200, `{"auction":"ab","imps":[{"imp":"1"}],"nbr":501}`, loadgen.NoBid},
		"few":       {200, `{"auction":"ab","imps":[{"imp":"1"}],"nbr":502}`, "nbr_502"},
		"no reason": {200, `{"auction":"ab","imps":[{"imp":"1"}]}`, loadgen.Malformed},
		"both":      {200, `{"auction":"ab","imps":[{"imp":"1","sold":true,"seat":"s"}],"nbr":1}`, loadgen.Malformed},
		"other imp": {200, `{"auction":"ab","imps":[{"imp":"2","sold":true,"seat":"s"}]}`, loadgen.Malformed},
		"no imps":   {200, `{"auction":"ab","imps":[]}`, loadgen.Malformed},
		"no JSON":   {200, `sold`, loadgen.Malformed},
		"empty":     {204, ``, loadgen.Malformed},
		"large":     {200, string(make([]byte, maxAnswer+1)), loadgen.Malformed},
		"refused":   {409, `auctioned before`, "status_409"},
		"failed":    {503, `trustees`, "status_503"},
	}
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() {
		served <- transport.Serve(ctx, ln, func(ctx *fasthttp.RequestCtx) {
			b := bodies[string(ctx.PostBody())]
			ctx.SetStatusCode(b.status)
			ctx.SetBodyString(b.body)
		}, transport.ServerConfig{})
	}()
	client, err := transport.NewClient("http://"+ln.Addr().String(), maxAnswer)
	if err != nil {
		t.Fatal(err)
	}
	p := publisher{client, patient}
	for name, tc := range bodies {
		a := p.call(&request{raw: []byte(name), encrypt: 5})
		if a.Outcome != tc.want || len(a.Stages) != 1 || a.Stages[0] != (loadgen.Stage{Name: "encrypt", Duration: 5}) {
			t.Errorf("%s: %+v, want %s", name, a, tc.want)
		}
		if name == "sold" && (a.Auction != "ab" || a.Seat != "s" || a.Campaign != 3 || a.Price != 2.5) {
			t.Errorf("sold: %+v", a)
		}
	}
	if a := p.call(&request{err: context.Canceled}); a.Outcome != "not_encrypted" {
		t.Errorf("%+v", a)
	}
	client.Close()
	stop()
	if err := <-served; err != nil {
		t.Error(err)
	}
	if a := p.call(&request{raw: []byte("sold")}); a.Outcome != loadgen.Unreachable {
		t.Errorf("nobody there: %+v", a)
	}
}

// A listener that accepts and says nothing.
func TestSilenceIsATimeout(t *testing.T) {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	client, err := transport.NewClient("http://"+ln.Addr().String(), maxAnswer)
	if err != nil {
		t.Fatal(err)
	}
	p := publisher{client, time.Millisecond - grace + 20*time.Millisecond}
	if a := p.call(&request{raw: []byte("x")}); a.Outcome != loadgen.Timeout {
		t.Errorf("%+v", a)
	}
}
