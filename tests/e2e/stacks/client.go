// A TLS client of Go's standard library: what it makes of a daemon's handshake and certificate.
package main

import (
	"crypto/tls"
	"fmt"
	"os"
)

func main() {
	conn, err := tls.Dial("tcp", os.Args[1], &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer conn.Close()
	state := conn.ConnectionState()
	if state.Version == tls.VersionTLS13 {
		fmt.Println("TLS 1.3")
	}
	fmt.Println(state.NegotiatedProtocol)
	for _, uri := range state.PeerCertificates[0].URIs {
		fmt.Println(uri)
	}
}
