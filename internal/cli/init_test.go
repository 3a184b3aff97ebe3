package cli

import (
	"testing"

	"tocsin/internal/config"
)

func TestTheSampleIsAConfiguration(t *testing.T) {
	file, err := config.Parse("sample.yaml", sample)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Validate(); err != nil {
		t.Error(err)
	}
}
