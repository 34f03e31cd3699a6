package transport

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// pipeListener is a listener without a network, so that its connections live in a test's own time.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
}

func newPipeListener() *pipeListener {
	return &pipeListener{make(chan net.Conn), make(chan struct{})}
}

func (l *pipeListener) dial() net.Conn {
	client, server := net.Pipe()
	l.conns <- server
	return client
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error   { close(l.closed); return nil }
func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{} }

// In the bubble's time, a sender that dribbles a byte a second is cut off after readTimeout.
func TestSlowSendersAreCut(t *testing.T) {
	for name, head := range map[string]string{
		"says nothing":     "",
		"dribbles headers": "POST /echo HTTP/1.1\r\nHost: h\r\nX: ",
		"dribbles a body":  "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 60000\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ln := newPipeListener()
				stop := run(t, ln, Routes{"POST /echo": echo}.Handler(), ServerConfig{})
				conn := ln.dial()
				start := time.Now()
				go dribble(conn, head)
				resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
				if err != nil {
					t.Fatal(err)
				}
				if took := time.Since(start); resp.StatusCode != http.StatusRequestTimeout || took != readTimeout {
					t.Errorf("status %d after %s, want %d after %s", resp.StatusCode, took, http.StatusRequestTimeout, readTimeout)
				}
				conn.Close()
				if err := stop(); err != nil {
					t.Error(err)
				}
				time.Sleep(time.Minute) // in the bubble: until fasthttp's cleaner has noticed the end
			})
		})
	}
}

// dribble sends head at once and then, if there is one, a byte a second.
func dribble(w io.Writer, head string) {
	if head == "" {
		return
	}
	_, err := io.WriteString(w, head)
	for err == nil {
		time.Sleep(time.Second)
		_, err = w.Write([]byte("x"))
	}
}
