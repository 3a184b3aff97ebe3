package vercel

import (
	"errors"
	"net/http"

	"tocsin/internal/web"
)

// Refused tells an answer that says no from a failure after which nobody knows
// whether Vercel accepted a change: no answer at all, or a fault on its side.
func Refused(err error) bool {
	answer, ok := errors.AsType[*web.StatusError](err)
	return ok && answer.Status < http.StatusInternalServerError
}
