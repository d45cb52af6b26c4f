// Writes the SHA-256 of standard input in hexadecimal.
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
)

func main() {
	hash := sha256.New()
	if _, err := io.Copy(hash, os.Stdin); err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
	os.Stdout.WriteString(hex.EncodeToString(hash.Sum(nil)) + "\n")
}
