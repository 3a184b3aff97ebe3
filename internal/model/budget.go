package model

import "time"

// Budget is how many calls a provider still allows. Source: the rate limit
// headers of its newest answer.
type Budget struct {
	Limit int       // calls in one window; 0 where the provider does not say
	Left  int       // of these
	Reset time.Time // when the window ends; zero when that is not said
}

// LeftPct is what is left in percent; not ok where the provider does not say.
func (b Budget) LeftPct() (pct float64, ok bool) {
	if b.Limit <= 0 {
		return 0, false
	}
	return 100 * float64(b.Left) / float64(b.Limit), true
}

// Facts are the facts of a budget under the provider's name; none where it
// does not say.
func (b Budget) Facts(provider string) []Fact {
	pct, ok := b.LeftPct()
	if !ok {
		return nil
	}
	return []Fact{Known("provider.budget", pct, Percent, Labels{"provider": provider})}
}
