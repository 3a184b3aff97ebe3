// Package term stands between tview and the wire. It sends few bytes, keeps
// answering keys when the link does not, lets nothing from outside reach the
// terminal raw, and gives the terminal back whatever happens.
//
// From the inside out: [Screen] is the back buffer that tview draws on, a line
// below it writes to the tty from a goroutine of its own, [Loop] decides when a
// frame is drawn, and [Session] runs a program on all of it and says why it
// ended. [Show] is the way in for text from outside; [Glyphs] draws marks, bars
// and charts as text.
//
// It must not know what is shown: no metrics, no views, no servers.
package term
