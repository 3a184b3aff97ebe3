package ui

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/model"
)

// number gives three significant digits, and zero as such.
func number(v float64) string {
	switch a := math.Abs(v); {
	case a == 0:
		return "0"
	case a < 9.995:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case a < 99.95:
		return strconv.FormatFloat(v, 'f', 1, 64)
	default:
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
}

// scaled gives three significant digits with the largest unit below the value.
// Each unit is step times the one before.
func scaled(v, step float64, units []string) string {
	i := 0
	for i < len(units)-1 && math.Abs(v) >= 999.5 {
		v /= step
		i++
	}
	return strings.TrimSuffix(number(v)+" "+units[i], " ")
}

// count gives a number of things: 38, 9876, 12.3 k, 4.56 M.
func count(n int64) string {
	if n > -10_000 && n < 10_000 {
		return strconv.FormatInt(n, 10)
	}
	return scaled(float64(n), 1000, []string{"", "k", "M", "G", "T"})
}

// plural gives a number of things with their name.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(int64(n)) + " " + many
}

// bytes gives a size: 512 B, 41.2 MiB.
func bytes[N int64 | uint64 | float64](n N) string {
	if n == 0 {
		return "0 B"
	}
	if f := float64(n); f < 999.5 {
		return strconv.FormatFloat(f, 'f', 0, 64) + " B"
	}
	return scaled(float64(n), 1024, []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB"})
}

// rate gives a number per second: 412/s, 1.24 k/s.
func rate(perSecond float64) string {
	return scaled(perSecond, 1000, []string{"", "k", "M", "G"}) + "/s"
}

// percent gives a share: 0.40 %, 12.3 %.
func percent(v float64) string { return number(v) + " %" }

// whole gives a share where less than a percent says nothing. What is not quite
// all or nothing does not look like it.
func whole(v float64) string {
	r := math.Round(v)
	switch {
	case r == 100 && v < 100:
		r = 99
	case r == 0 && v > 0:
		return "<1 %"
	}
	return strconv.FormatFloat(r, 'f', 0, 64) + " %"
}

// took gives a measured time: 0.42 ms, 18 ms, 4.8 s, 45s.
func took(d time.Duration) string {
	ms := float64(d) / float64(time.Millisecond)
	switch {
	case d <= 0:
		return "0 ms"
	case ms < 0.995:
		return strconv.FormatFloat(ms, 'f', 2, 64) + " ms"
	case ms < 9.95:
		return strconv.FormatFloat(ms, 'f', 1, 64) + " ms"
	case ms < 999.5:
		return strconv.FormatFloat(ms, 'f', 0, 64) + " ms"
	case ms < 9950:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	default:
		return age(d)
	}
}

// age gives how long something lasts or is ago: 45s, 6m12s, 1h40m, 9 h, 3 d.
func age(d time.Duration) string {
	d = max(d, 0).Truncate(time.Second)
	switch h := d / time.Hour; {
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case h < 1:
		return fmt.Sprintf("%dm%02ds", d/time.Minute, d%time.Minute/time.Second)
	case h < 6:
		return fmt.Sprintf("%dh%02dm", h, d%time.Hour/time.Minute)
	case h < 48:
		return fmt.Sprintf("%d h", h)
	default:
		return fmt.Sprintf("%d d", h/24)
	}
}

// maybeAge is the age where there is one, else nothing.
func maybeAge(d *time.Duration) string {
	if d == nil {
		return ""
	}
	return age(*d)
}

// value gives a number in its unit.
func value(v float64, unit model.Unit) string {
	switch unit {
	case model.Percent:
		return percent(v)
	case model.Millis:
		return took(time.Duration(v * float64(time.Millisecond)))
	case model.Seconds:
		return took(time.Duration(v * float64(time.Second)))
	case model.Hours:
		return age(time.Duration(v * float64(time.Hour)))
	case model.Bytes:
		return bytes(v)
	case model.BytesPerS:
		return bytes(v) + "/s"
	case model.PerSecond:
		return rate(v)
	default:
		if v == math.Trunc(v) {
			return count(int64(v))
		}
		return number(v)
	}
}

// clock gives an instant to the second: 03:12:44Z, or in local time with its
// distance from UTC.
func (in In) clock(t time.Time) string { return in.stamp(t, "15:04:05") }

// when gives an instant to the minute, or its day where it is not today.
func (in In) when(t time.Time) string {
	now := in.View.Now()
	if d := now.Sub(t); d > -12*time.Hour && d < 12*time.Hour || sameDay(in.zone(now), in.zone(t)) {
		return in.stamp(t, "15:04")
	}
	return in.zone(t).Format("Jan 02")
}

// full gives an instant with its day.
func (in In) full(t time.Time) string { return in.stamp(t, "2006-01-02 15:04:05") }

func (in In) stamp(t time.Time, layout string) string {
	if in.Local {
		return t.Local().Format(layout + "Z07")
	}
	return t.UTC().Format(layout) + "Z"
}

func (in In) zone(t time.Time) time.Time {
	if in.Local {
		return t.Local()
	}
	return t.UTC()
}

func sameDay(a, b time.Time) bool {
	return a.YearDay() == b.YearDay() && a.Year() == b.Year()
}
