// Command floor shows a clock and twenty numbers that change each second: the
// least that a dashboard with tcell and tview costs. With the argument "stock"
// it does so on tview alone.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/rivo/tview"

	"tocsin/internal/term"
)

func main() {
	show := behindTheGlass
	if len(os.Args) > 1 && os.Args[1] == "stock" {
		show = stock
	}
	if err := show(newBoard()); err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
		os.Exit(1)
	}
}

func behindTheGlass(b *board) error {
	t, err := term.Open(term.Options{})
	if err != nil {
		return err
	}
	defer t.Close()
	t.NewSession(term.Program{Root: b, Update: func(bool) { b.second() }}).Run(context.Background())
	return nil
}

func stock(b *board) error {
	app := tview.NewApplication().SetRoot(b, true)
	go func() {
		for range time.Tick(time.Second) {
			app.QueueUpdateDraw(b.second)
		}
	}()
	return app.Run()
}

// board is a clock over two tables with ten changing numbers each.
type board struct {
	*tview.Flex
	clock   *tview.TextView
	tables  [2]*tview.Table
	seconds int
}

func newBoard() *board {
	b := &board{Flex: tview.NewFlex().SetDirection(tview.FlexRow), clock: tview.NewTextView()}
	b.AddItem(b.clock, 1, 0, false)
	panels := tview.NewFlex()
	for i := range b.tables {
		b.tables[i] = newTable(fmt.Sprintf(" Panel %d ", i))
		panels.AddItem(b.tables[i], 0, 1, i == 0)
	}
	b.AddItem(panels, 0, 1, true)
	b.second()
	return b
}

func newTable(title string) *tview.Table {
	t := tview.NewTable()
	t.SetBorder(true).SetTitle(title)
	for row := range 40 {
		for column := range 6 {
			t.SetCellSimple(row, column, fmt.Sprintf("item %d.%d", row, column))
		}
	}
	return t
}

// second moves the clock and the numbers on.
func (b *board) second() {
	b.seconds++
	b.clock.SetText(time.Now().UTC().Format("floor  15:04:05Z"))
	for i := range 20 {
		number := 1000 + float64((b.seconds*7919+i*104729)%99991)/1000
		b.tables[i%2].GetCell(i*2%40, 2).SetText(fmt.Sprintf("%9.4f", number))
	}
}
