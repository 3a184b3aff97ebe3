package ui

// Contact is somebody to call in an incident, from the configuration.
type Contact struct{ Name, For, Reach, Hours string }

// contactsFrame is whom to call. It needs nothing but the configuration, so it
// is there when all else is down.
func contactsFrame(in In) Frame {
	t := &Table{
		Columns: []Column{
			{Name: "who", Title: "who", Width: 26},
			{Name: "for", Title: "for", Width: 24, Drop: 1},
			{Name: "hours", Title: "when", Width: 18, Drop: 2},
			{Name: "reach", Title: "how"},
		},
		Empty: "nobody is listed: contacts: [{name, for, reach, hours}] under the target in the configuration",
	}
	for _, c := range in.Contacts {
		t.Rows = append(t.Rows, Row{Key: c.Name, Cells: []Cell{{Text: c.Name, Role: Strong}, {Text: c.For}, {Text: c.Hours, Role: Muted}, {Text: c.Reach}}})
	}
	return Frame{Table: t}
}

func contactDetail(in In, key string) []Line {
	for _, c := range in.Contacts {
		if c.Name == key {
			return []Line{labelled("who", c.Name), labelled("for", c.For), labelled("how", c.Reach), labelled("when", c.Hours)}
		}
	}
	return nil
}
