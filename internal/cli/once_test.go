package cli

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"tocsin/internal/model"
)

// A client whose secret was rotated is made anew; one that merely failed is kept.
func TestADeniedClientIsMadeAnew(t *testing.T) {
	t.Parallel()
	made := 0
	o := &once[int]{make: func(context.Context) (int, error) { made++; return made, nil }}
	for _, tt := range []struct {
		err  error
		want int
	}{
		{errors.New("broken"), 1},
		{fmt.Errorf("list: %w", &model.Fail{Class: model.Denied}), 1},
		{nil, 2},
		{nil, 2},
	} {
		got, err := use(t.Context(), o, func(client int) (int, error) { return client, tt.err })
		if got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("client %d, %v; want %d, %v", got, err, tt.want, tt.err)
		}
	}
}
