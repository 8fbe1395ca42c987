//go:build !linux

package proxy

import "net"

func prompted(c net.Conn) net.Conn { return c }
