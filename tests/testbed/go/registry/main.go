// A registry of images and charts on loopback, in memory: go-containerregistry's own.
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"

	"github.com/google/go-containerregistry/pkg/registry"
)

// Takes the files of a certificate and its key; says where it speaks TLS and where it does not,
// and ends with its stdin.
func main() {
	handler := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	sealed, plain := listen(), listen()
	go func() { log.Fatal(http.Serve(plain, handler)) }()
	go func() { log.Fatal(http.ServeTLS(sealed, handler, os.Args[1], os.Args[2])) }()
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func listen() net.Listener {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(listener.Addr())
	return listener
}
