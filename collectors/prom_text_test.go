package collectors

import (
	"bytes"
	"math"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	prommodel "github.com/prometheus/common/model"

	"tocsin/internal/model"
)

// TestReadsAsPrometheusDoes lets the parser of Prometheus read the same lines,
// and thousands that are like them but for a character or two.
func TestReadsAsPrometheusDoes(t *testing.T) {
	lines := []string{
		`up 1`, `up{} 0`, `http_requests_total{code="200",method="GET"} 1.5e3`, "a{b=\"c\"}\t-Inf", `a { b = "c" , } NaN`, `a{b="c"} 7 1700000000000`,
		`a{b="\\ \" \n é"} +Inf`, `a{b="}"} 1`, `a{b="x",b="y"} 1`, `a{b="c"} 1 2 3`, `a{b=c} 1`, `a{b="c"`, `a{"b"} 1`, `a 1_000`, `a 0x1p3`, `{} 1`,
		`le_bucket{le="+Inf"} 3`, `a{b="\t"} 1`, `a{b="` + "\xff" + `"} 1`, `a{,} 1`, `a{b="c",,} 1`, `a{b="c" d="e"} 1`,
	}
	random := rand.New(rand.NewPCG(1, 2))
	const from = `ab{}=",\ 1.n_#e+-` + "\t"
	for _, line := range lines {
		asPrometheus(t, line)
		for range 2000 {
			changed := []byte(line)
			for range 1 + random.IntN(2) {
				at, c := random.IntN(len(changed)), from[random.IntN(len(from))]
				switch random.IntN(3) {
				case 0:
					changed[at] = c
				case 1:
					changed = append(changed[:at], append([]byte{c}, changed[at:]...)...)
				default:
					changed = append(changed[:at], changed[at+1:]...)
				}
				if len(changed) == 0 {
					break
				}
			}
			asPrometheus(t, string(changed))
		}
	}
}

// asPrometheus compares what is read from one line, but for the newer form with
// names in quotes or braces, which nobody sends who was not asked for it.
func asPrometheus(t *testing.T, line string) {
	t.Helper()
	line = strings.Trim(line, " \t")
	parser := expfmt.NewTextParser(prommodel.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader([]byte(line + "\n")))
	got, gotErr := parseSeries([]byte(line + "\n"))
	if values := regexp.MustCompile(`=[ \t]*"(\\.|[^"\\])*"`); gotErr != nil &&
		(strings.HasPrefix(line, "{") || strings.Contains(values.ReplaceAllString(line, ""), `"`)) {
		return
	}
	if (err == nil) != (gotErr == nil) {
		t.Errorf("%q: got %v, Prometheus says %v", line, gotErr, err)
		return
	}
	if err != nil {
		return
	}
	want := map[string][]series{}
	for name, f := range families {
		for _, m := range f.GetMetric() {
			want[name] = append(want[name], series{labelsOf(m), m.GetUntyped().GetValue()})
		}
	}
	same := cmp.Comparer(func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) })
	none := cmp.Transformer("labels", func(l model.Labels) string { return l.String() })
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(series{}), same, none); diff != "" {
		t.Errorf("%q (-Prometheus +got):\n%s", line, diff)
	}
}

func labelsOf(m *dto.Metric) model.Labels {
	out := model.Labels{}
	for _, l := range m.GetLabel() {
		out[l.GetName()] = l.GetValue()
	}
	return out
}
