package collectors

import (
	"testing"

	"tocsin/internal/model"
)

func TestMatchers(t *testing.T) {
	get500 := model.Labels{"code": "500", "method": "GET"}
	tests := []struct {
		text string
		want bool
	}{
		{``, true},
		{`{}`, true},
		{`code="500"`, true},
		{`code="5"`, false},
		{`code=~"5.."`, true},
		{`code=~"5"`, false},
		{`code=~"4..|5.."`, true},
		{`code!="500"`, false},
		{`code!~"2.."`, true},
		{` { code =~ "5.." , method != "HEAD", } `, true},
		{`code=~"5..",method="POST"`, false},
		{`route=""`, true},
		{`route!=""`, false},
		{`code="5.0"`, false},
		{"code=`500`", true},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			ms, err := parseMatchers(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if got := ms.match(get500); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestMatchersThatAreWrong(t *testing.T) {
	for _, text := range []string{`code`, `="5"`, `code=5`, `code="5`, `code=~"("`, `{code="5"`, `code="5" method="GET"`, `code>"5"`, `code!"5"`} {
		if _, err := parseMatchers(text); err == nil {
			t.Errorf("%s was accepted", text)
		}
	}
}
