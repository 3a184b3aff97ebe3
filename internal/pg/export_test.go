package pg

// Text makes a statement of any text, which outside of tests nobody can.
func Text(text string) Statement { return Statement{name: "test", text: text} }
