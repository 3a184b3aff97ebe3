// Command tocsin is an on-call instrument: it shows what is wrong, since when
// and why, offers the safe fix on one key, and writes down what was done.
package main

//go:generate go run ./internal/docgen docs

import (
	"os"

	"tocsin/internal/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
