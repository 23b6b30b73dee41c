// Opens an encrypted file with a key from this machine's Holdfast daemon, counts its own starts in
// it, and says the number, with the fencing token under which the key came. Neither the key nor
// anything that gives it away is ever on disk; a file that was put back is not noticed: what must
// not be rolled back belongs where the token is checked.
//
//	CGO_ENABLED=1 go build open_file.go
//	./open_file /var/lib/example/starts
package main

/*
#cgo pkg-config: holdfast
#include <stdlib.h>
#include <holdfast/holdfast.h>
*/
import "C"

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"unsafe"
)

const waitMs = 60000 // for a daemon that is starting or recovering

// key is what the daemon released. Its bytes stay in C's memory: Go may copy and move what it has.
type key struct{ c *C.struct_holdfast_key }

// getKey asks for the key of a name. The caller calls done when the key is no longer needed.
func getKey(name string) (*key, error) {
	k := &key{(*C.struct_holdfast_key)(C.malloc(C.sizeof_struct_holdfast_key))}
	text := C.CString(name)
	defer C.free(unsafe.Pointer(text))
	if r := C.holdfast_key_get(text, waitMs, k.c); r != 0 {
		C.free(unsafe.Pointer(k.c))
		return nil, errors.New(C.GoString(C.holdfast_error_text(r)))
	}
	return k, nil
}

func (k *key) done() {
	C.holdfast_key_wipe(k.c)
	C.free(unsafe.Pointer(k.c))
}

// aead gives AES-256-GCM under the key, which the cipher has expanded in memory of its own.
func (k *key) aead() (cipher.AEAD, error) {
	block, err := aes.NewCipher(unsafe.Slice((*byte)(unsafe.Pointer(&k.c.bytes[0])), C.HOLDFAST_KEY_LEN))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// count opens the file, which has a nonce and one sealed number, and writes the next one.
func count(path string, a cipher.AEAD) (uint64, error) {
	sealed, err := os.ReadFile(path)
	var starts uint64
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return 0, err
	case len(sealed) < a.NonceSize():
		return 0, errors.New("too short to be of this program")
	default:
		plain, err := a.Open(nil, sealed[:a.NonceSize()], sealed[a.NonceSize():], nil)
		if err != nil || len(plain) != 8 {
			return 0, errors.New("not written under this key")
		}
		starts = binary.BigEndian.Uint64(plain)
	}
	starts++
	nonce := make([]byte, a.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return 0, err
	}
	next := a.Seal(nonce, nonce, binary.BigEndian.AppendUint64(nil, starts), nil)
	if err := os.WriteFile(path+".new", next, 0o600); err != nil {
		return 0, err
	}
	return starts, os.Rename(path+".new", path)
}

func run(path string) error {
	k, err := getKey("starts")
	if err != nil {
		return err
	}
	defer k.done()
	a, err := k.aead()
	if err != nil {
		return err
	}
	starts, err := count(path, a)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	fmt.Printf("started %d times; fencing token %d\n", starts, uint64(k.c.claim))
	return nil
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: open_file FILE")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "open_file:", err)
		os.Exit(1)
	}
}
