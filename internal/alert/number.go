package alert

import "tocsin/internal/model"

// Number writes a reading with three significant digits and a unit that suits
// its size, as alerts and the first suspect do: 4830 ms is "4.8 s".
func Number(value float64, unit model.Unit) string { return number(value, unit) }
