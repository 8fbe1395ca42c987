package proxy

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// prompt is a connection whose bytes are acknowledged when they are read. A
// provider that sends in small pieces may wait for that before the next one,
// and a kernel that sees nothing to send back takes 40 ms over it.
type prompt struct {
	net.Conn
	raw syscall.RawConn
}

func prompted(c net.Conn) net.Conn {
	t, ok := c.(*net.TCPConn)
	if !ok {
		return c
	}
	raw, err := t.SyscallConn()
	if err != nil {
		return c
	}
	return prompt{c, raw}
}

// Read reads and acknowledges.
func (c prompt) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		_ = c.raw.Control(func(fd uintptr) { // without it, it is only later
			_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_QUICKACK, 1)
		})
	}
	return n, err
}
