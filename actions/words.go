package actions

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/dustin/go-humanize"

	"tocsin/internal/model"
)

// amount writes a number with its unit: 38, 4.8 s, 0.4 %.
func amount(v float64, unit model.Unit) string {
	switch unit {
	case model.None:
		return figures(v)
	case model.Millis:
		return took(time.Duration(v * float64(time.Millisecond)))
	case model.Seconds:
		return took(time.Duration(v * float64(time.Second)))
	case model.Bytes:
		return size(int64(v))
	}
	return figures(v) + " " + string(unit)
}

// figures writes a number with three significant digits, whole from 100 on.
func figures(v float64) string {
	if v == math.Trunc(v) || math.Abs(v) >= 100 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// took writes a short time: 40 ms, 1.2 s, 6m12s, 9h3m.
func took(d time.Duration) string {
	switch {
	case d > 0 && d < 10*time.Millisecond:
		return strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'g', 2, 64) + " ms"
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return figures(math.Round(d.Seconds()*10)/10) + " s"
	case d < time.Hour:
		return fmt.Sprintf("%dm%ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh%dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%d d", int(d.Hours()/24))
}

// in says how long a change took, where that is worth a word.
func in(d time.Duration) string {
	if d < 50*time.Millisecond {
		return ""
	}
	return " in " + took(d)
}

func size(bytes int64) string { return humanize.IBytes(uint64(max(bytes, 0))) }

// count writes a number of things: 1 session, 38 sessions.
func count(n int64, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return humanize.Comma(n) + " " + one + "s"
}
