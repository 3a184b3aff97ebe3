// Command picture turns a captured terminal screen (tmux capture-pane -e -p)
// on its standard input into an SVG on its standard output. It draws what was
// captured and knows nothing of what that means.
package main

import (
	"fmt"
	"io"
	"os"
)

func main() {
	if err := draw(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "picture: "+err.Error())
		os.Exit(1)
	}
}

func draw(in io.Reader, out io.Writer) error {
	captured, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	lines, err := parse(string(captured))
	if err != nil {
		return err
	}
	_, err = io.WriteString(out, svg(lines))
	return err
}
