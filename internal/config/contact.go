package config

// Contact is somebody to call in an incident.
type Contact struct {
	Name  string `yaml:"name" need:"yes" doc:"who: a person, a team, a provider's support"`
	For   string `yaml:"for" doc:"what to call them for: database, legal, communication"`
	Reach string `yaml:"reach" need:"yes" doc:"how: telephone, chat, address of the support form"`
	Hours string `yaml:"hours" doc:"when they can be reached: 24/7, Mon-Fri 9-17 CET"`
}

func (c *checker) contact(path []any, p Contact) (Contact, string) {
	if p.Reach == "" {
		c.refuse(at(path, "reach"), "how %s can be reached is missing", p.Name)
	}
	return p, p.Name
}
