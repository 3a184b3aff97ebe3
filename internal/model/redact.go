package model

import "regexp"

// Redactor takes out of the messages of programs what may be somebody's data.
type Redactor struct{ patterns []*regexp.Regexp }

// NewRedactor prepares the patterns.
func NewRedactor() Redactor {
	patterns := []string{
		`'[^'\n]{1,200}'|"[^"\n]{1,200}"|` + "`[^`\n]{1,200}`", // what stands in quotes
		`\?[\w.%+-]+=[^\s)]*`,                                      // the query of an address
		`[\w.+-]+@[\w-]+(?:\.[\w-]+)+`,                             // a mailbox
		`\b\d{1,3}(?:\.\d{1,3}){3}\b`,                              // a machine
		`\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b`, // a UUID
		`\b[A-Za-z_]*\d[A-Za-z0-9_]{18,}\b|\b[0-9a-fA-F]{16,}\b`,   // a token
		`\b\d{4,}\b`, // a long number
	}
	var r Redactor
	for _, p := range patterns {
		r.patterns = append(r.patterns, regexp.MustCompile(p))
	}
	return r
}

// Text is a message with "…" in the place of quoted text, addresses, long
// numbers and words that nobody would choose: what is said of an error goes to
// chats, tickets and logs. Names, routes and short numbers such as a status
// stay.
func (r Redactor) Text(text string) string {
	for _, p := range r.patterns {
		text = p.ReplaceAllString(text, "…")
	}
	return text
}
