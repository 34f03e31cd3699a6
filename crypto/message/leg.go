package message

import "cipherbid/crypto/wire"

// Part says what a trustee does in a sealed ranking. The roles are explained in cipherbid/crypto/sealed.
type Part uint8

// Parts. Their order is that of the shares: the share that nobody but the other two hold is numbered like the part.
const (
	Garbler Part = iota
	Checker
	Evaluator
)

func (p Part) String() string { return [...]string{"garbler", "checker", "evaluator"}[p] }

// LegImp is what one trustee tells another about the circuit of one imp. Which fields are set depends on the parts of both.
type LegImp struct {
	Share    [16]byte // of the circuit's hash key
	Labels   []byte   // active labels of inputs
	Colours  []byte   // what the labels of the other garbler's own inputs mean, one bit each
	Reveal   []byte   // what the labels of the winner's name mean, one bit each
	Tables   []byte   // of a circuit that is not in stock
	Digests  []byte   // of tables and of labels that the other garbler sends
	Transfer []byte   // oblivious transfer, when one trustee is absent
}

// Leg is a message from one trustee to another in a sealed ranking.
type Leg struct {
	Manifest Digest
	Attempt  uint8
	From     Part
	Session  [8]byte // of the link between the garblers, as the sender sees it; or the base of oblivious transfers
	Imps     []LegImp
}

// MaxLegBytes bounds a leg and a stock message, and so what a trustee sends to another at once.
const MaxLegBytes = 1 << 26

func (l *LegImp) variable() []*[]byte {
	return []*[]byte{&l.Labels, &l.Colours, &l.Reveal, &l.Tables, &l.Digests, &l.Transfer}
}

// EncodeLeg encodes a leg. It is secret: it goes over an encrypted link to its receiver only.
func (e *Epoch) EncodeLeg(l *Leg) []byte {
	size := frameBytes + 64
	for i := range l.Imps {
		size += 16 + 24
		for _, v := range l.Imps[i].variable() {
			size += len(*v)
		}
	}
	w := &wire.Writer{Buf: make([]byte, 0, size)}
	e.start(w, kindLeg)
	w.Raw(l.Manifest[:])
	w.U8(l.Attempt)
	w.U8(uint8(l.From))
	w.Raw(l.Session[:])
	w.U16(uint16(len(l.Imps)))
	for i := range l.Imps {
		w.Raw(l.Imps[i].Share[:])
		for _, v := range l.Imps[i].variable() {
			w.Var(*v)
		}
	}
	return w.Buf
}

// DecodeLeg decodes a leg.
func (e *Epoch) DecodeLeg(b []byte) (*Leg, error) {
	r, err := e.open(b, kindLeg)
	if err != nil {
		return nil, err
	}
	l := &Leg{}
	r.Copy("manifest", l.Manifest[:])
	l.Attempt = r.U8("attempt")
	if l.From = Part(r.U8("part")); l.From > Evaluator {
		r.Fail("part", "%d is unknown", uint8(l.From))
	}
	r.Copy("session", l.Session[:])
	l.Imps = make([]LegImp, r.Count("imps", MaxImps, 16+6*4))
	for i := range l.Imps {
		r.Copy("share of a key", l.Imps[i].Share[:])
		for _, v := range l.Imps[i].variable() {
			*v = r.Var("leg", MaxLegBytes)
		}
	}
	if err := r.Done(); err != nil {
		return nil, err
	}
	return l, nil
}

// Stock is the garbler's message about one circuit for a stock. To the evaluator its tables follow in the same frame; to the
// checker, which makes the circuit too, nothing does.
type Stock struct {
	Shape   string
	Session [8]byte // of the link between the garblers
	Number  uint64
}

// EncodeStock encodes a stock message, but for the tables.
func (e *Epoch) EncodeStock(s *Stock) []byte {
	w := &wire.Writer{}
	e.start(w, kindStock)
	w.String(s.Shape)
	w.Raw(s.Session[:])
	w.U64(s.Number)
	return w.Buf
}

// DecodeStock decodes a stock message, and returns what follows it.
func (e *Epoch) DecodeStock(b []byte) (s *Stock, tables []byte, err error) {
	r, err := e.open(b, kindStock)
	if err != nil {
		return nil, nil, err
	}
	s = &Stock{Shape: r.String("shape", MaxShape)}
	r.Copy("session", s.Session[:])
	s.Number = r.U64("circuit")
	tables = r.Rest()
	if err := r.Done(); err != nil {
		return nil, nil, err
	}
	return s, tables, nil
}

// Deal is what one trustee deals to another for when it is absent: half of base transfers with the third.
type Deal struct {
	ID     [8]byte // same for both halves
	Sender bool    // the receiver of this message will send labels, else receive them
	Half   []byte
}

// maxDeal bounds a half.
const maxDeal = 1 << 13

// EncodeDeal encodes a deal. It is secret.
func (e *Epoch) EncodeDeal(d *Deal) []byte {
	w := &wire.Writer{}
	e.start(w, kindDeal)
	w.Raw(d.ID[:])
	sender := uint8(0)
	if d.Sender {
		sender = 1
	}
	w.U8(sender)
	w.Var(d.Half)
	return w.Buf
}

// DecodeDeal decodes a deal.
func (e *Epoch) DecodeDeal(b []byte) (*Deal, error) {
	r, err := e.open(b, kindDeal)
	if err != nil {
		return nil, err
	}
	d := &Deal{}
	r.Copy("id", d.ID[:])
	switch r.U8("role") {
	case 0:
	case 1:
		d.Sender = true
	default:
		r.Fail("role", "is neither sender nor receiver")
	}
	d.Half = r.Var("half", maxDeal)
	if err := r.Done(); err != nil {
		return nil, err
	}
	return d, nil
}

// LinkMessage is a kind of message that trustees send to each other over their links.
type LinkMessage uint8

// Kinds of messages over links.
const (
	LinkLeg   = LinkMessage(kindLeg)
	LinkStock = LinkMessage(kindStock)
	LinkDeal  = LinkMessage(kindDeal)
)

// LinkKind tells which decoder a message from a link is for. What it says about hostile bytes, the decoder checks.
func LinkKind(b []byte) LinkMessage {
	if len(b) < frameBytes {
		return 0
	}
	return LinkMessage(b[len(magic)+1])
}
