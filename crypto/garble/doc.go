// Package garble builds, garbles and evaluates boolean circuits: the garbler turns a circuit into tables, and whoever holds the
// tables and one label for each input computes the outputs' labels without learning what any wire carries.
//
// Start with [Builder], which makes a [Circuit]; [Circuit.Garble] and [Circuit.Evaluate] are the two sides of the protocol, and
// [Circuit.Plain] says what must come out. How inputs are shared, who checks whom and when the key of the hash is handed over
// is the business of the protocol above.
//
// # Scheme
//
// Each wire has two random labels of 128 bits that differ by one secret, Delta, so XOR and NOT are free (Kolesnikov and
// Schneider, ICALP 2008). An AND takes two ciphertexts, its half gates (Zahur, Rosulek and Evans, "Two Halves Make a Whole",
// Eurocrypt 2015). The lowest bit of a label is its colour: the evaluator picks ciphertexts by it, and it says nothing about the
// value. Where the evaluator knows one factor of an AND, because it was revealed or follows from what was, one half gate with a
// single ciphertext is enough. Labels are hashed by AES-128 under a key of this garbling alone, pi(pi(x) ^ t) ^ pi(x) with the
// tweak t (TMMO in Guo, Katz, Wang and Yu, "Efficient and Secure Multiparty Computation from Fixed-Key Block Ciphers", IEEE S&P
// 2020, ePrint 2019/074), secure where AES is modelled as an ideal cipher.
//
// # Promises
//
// Privacy against an evaluator that has one label for each input: its view can be simulated from the circuit and the revealed
// values alone. Authenticity: it cannot make a label of an output other than the one that it computed. Both end as soon as it
// has two labels of one wire. So never let a garbling be evaluated on two inputs, and never use a seed twice: the labels'
// difference is Delta, which opens everything. The proof is for inputs that do not depend on the tables. Where they might, keep
// Kappa back until they are fixed; without it, tables are noise.
//
// Not promised: that a garbling is of the circuit that it should be. Two garblers with one seed get the same bytes on any
// machine, with or without assembly, so that an evaluator can compare digests. Revealed values are not authenticated, and
// decoding the outputs is left to those who hold their zero labels.
//
// Garbling and evaluating run the same instructions on the same addresses whatever the seed and the inputs are, as far as the
// processor's AES instructions and Go's crypto/aes do.
//
// A [Circuit] is safe for concurrent use, a [Builder] is not. A [Garbling] is plain data.
package garble
