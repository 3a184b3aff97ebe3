package term

import (
	"strings"

	"github.com/rivo/uniseg"
)

// Width returns the number of cells that s takes, counted as the screen does.
func Width(s Shown) int {
	if plain(string(s)) {
		return len(s)
	}
	return uniseg.StringWidth(string(s))
}

// Cut cuts s to width cells, the last being an ellipsis when something was cut.
// A negative width does not cut.
func Cut(s Shown, width int) Shown {
	switch {
	case width < 0, len(s) <= width, Width(s) <= width:
		return s
	case width == 0:
		return ""
	}
	return s[:prefix(string(s), width-1)] + "…"
}

// prefix returns the length in bytes of the longest beginning of s that takes
// width cells or fewer.
func prefix(s string, width int) int {
	end, state := 0, -1
	for rest := s; rest != ""; {
		var cluster string
		var cells int
		cluster, rest, cells, state = uniseg.FirstGraphemeClusterInString(rest, state)
		width -= cells
		if width < 0 {
			break
		}
		end += len(cluster)
	}
	return end
}

// Pad makes s exactly width cells wide: cut, or filled with spaces on the right.
func Pad(s Shown, width int) Shown {
	s = Cut(s, max(width, 0))
	return s + blanks(width-Width(s))
}

// PadLeft is [Pad] with the spaces on the left, for numbers.
func PadLeft(s Shown, width int) Shown {
	s = Cut(s, max(width, 0))
	return blanks(width-Width(s)) + s
}

// blanks returns n spaces.
func blanks(n int) Shown { return Shown(strings.Repeat(" ", max(n, 0))) }
