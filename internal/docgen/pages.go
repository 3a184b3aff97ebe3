package main

import (
	_ "embed" // the examples
	"fmt"
	"strconv"
	"strings"

	"tocsin/actions"
	"tocsin/internal/alert"
	"tocsin/internal/cli"
	"tocsin/internal/config"
	"tocsin/internal/runbook"
	"tocsin/ui"
)

// The examples on the pages; a test reads them as the program would.
var (
	//go:embed examples/config.yaml
	configExample string
	//go:embed examples/rules.yaml
	rulesExample string
	//go:embed examples/rules_test.yaml
	rulesTestExample string
	//go:embed examples/keys.yaml
	keysExample string
	//go:embed examples/runbook.md
	runbookExample string
)

// pages are the files of docs/ that are made from the code, by name.
func pages() (map[string]string, error) {
	schema, err := config.Schema()
	if err != nil {
		return nil, err
	}
	metrics, err := metricsPage()
	if err != nil {
		return nil, err
	}
	books, err := runbook.Shipped()
	if err != nil {
		return nil, err
	}
	list := cli.Actions()
	return map[string]string{
		"actions.md":         actionsPage(list),
		"commands.md":        commandsPage(cli.Root()),
		"config.md":          configPage(),
		"config.schema.json": string(schema),
		"keys.md":            keysPage(ui.Commands(list)),
		"metrics.md":         metrics,
		"rules.md":           rulesPage(alert.Defaults()),
		"runbooks.md":        runbooksPage(books),
	}, nil
}

// page is a page with its heading and the word that it is made from the code.
func page(title string, parts ...string) string {
	head := "# " + title + "\n\n<!-- Made by `make generate`; edits here are lost. -->"
	return strings.Join(append([]string{head}, parts...), "\n\n") + "\n"
}

// yaml is an example in YAML.
func yaml(text string) string { return "```yaml\n" + text + "```" }

func keysPage(commands []ui.Command) string {
	parts := []string{"Lower case looks, upper case acts. A key that acts opens a card; none changes anything by itself."}
	for _, group := range []struct{ name, title string }{
		{"views", "Views"}, {"look", "Looking"}, {"table", "In a table"}, {"act", "Changing things"}, {"incident", "In an incident"},
	} {
		var rows [][]string
		for _, c := range commands {
			if c.Group == group.name {
				rows = append(rows, []string{codes(c.Keys), c.About(), code(c.ID)})
			}
		}
		parts = append(parts, "## "+group.title, table([]string{"key", "what it does", "command"}, rows))
	}
	parts = append(parts, "## Keys of your own",
		"`keys:` in the configuration names a file with one command and its key on each line, `null` for none.\n"+
			"A key that is taken twice, an unknown command and the keys `Ctrl-A`, `Ctrl-B` and `Ctrl-K` are refused.",
		yaml(keysExample))
	return page("Keys", parts...)
}

func actionsPage(list []actions.Action) string {
	var rows [][]string
	for _, a := range list {
		key, judged := "", make([]string, len(a.Measures))
		if a.Key != 0 {
			key = code(string(a.Key))
		}
		if a.On != "" {
			key += " on " + a.On
		}
		for i, m := range a.Measures {
			judged[i] = m.Metric
		}
		rows = append(rows, []string{code(a.ID), key, a.Title, a.Danger.String(), params(a), code(a.Undo), codes(judged)})
	}
	return page("Actions",
		"Each can be started by its key, from the palette (`:`), from the menu of what is selected (`a`), and by `tocsin do`.\n"+
			"All take the same road: plan, confirmation, intent in the audit, run, effect, result in the audit.",
		table([]string{"action", "key", "title", "danger", "parameters", "taken back by", "judged by"}, rows),
		"Deployments are judged by the error rate and the p95 of each application in the configuration, a purge by the age of the pages that\n"+
			"name it there (`fresh.purge`), by what of the cache never ends where it removes such keys, and by the error rates.",
		"## Danger",
		"The plan of a call may find more danger than is listed here, never less.",
		table([]string{"danger", "confirmed by"}, [][]string{
			{actions.Read.String(), "nothing"},
			{actions.Reversible.String(), code("y")},
			{actions.Disruptive.String(), code("y") + ", which counts only after a second, so that what was typed ahead does not"},
			{actions.Destructive.String(), "typing the name of its target"},
		}),
		"A session begins read-only. A card that is opened unarmed asks for the name of the server first, and arms for ten minutes.\n"+
			"`tocsin do` confirms and arms with `--yes=TEXT`: the target that the card names, which `--dry-run` prints.")
}

func params(a actions.Action) string {
	var out []string
	for _, p := range a.Params {
		name := code(p.Name)
		if p.Optional {
			name += " (may be left out)"
		}
		out = append(out, name+" "+p.Help)
	}
	return strings.Join(out, "; ")
}

func metricsPage() (string, error) {
	var rows [][]string
	said := meanings()
	for _, m := range alert.Metrics() {
		meaning, ok := said[m.Name]
		if !ok {
			return "", fmt.Errorf("metric %s is not explained: see meanings", m.Name)
		}
		delete(said, m.Name)
		rows = append(rows, []string{code(m.Name), string(m.Unit), strings.Join(m.Labels, ", "), code(m.Source), meaning})
	}
	for name := range said {
		return "", fmt.Errorf("there is no metric %s any more: see meanings", name)
	}
	return page("Metrics",
		"The numbers that rules look at, that `tocsin status` prints, and by which actions are judged. Their names are an interface.\n"+
			"A number that cannot be known is unknown and says why; it is never 0.",
		table([]string{"metric", "unit", "labels", "source", "what it is"}, rows),
		"`host.*` is about the machine that tocsin runs on."), nil
}

func rulesPage(set alert.Set) string {
	var rows [][]string
	for _, r := range set.Rules {
		least := ""
		if r.MinCount > 0 {
			least = strconv.Itoa(r.MinCount)
		}
		metric := code(r.Metric)
		if r.Window != "" {
			metric += " over " + r.Window
		}
		rows = append(rows, []string{
			code(r.ID), string(r.Severity), metric, r.Fire.String(), span(r.For), r.Clear.String(), span(r.ClearFor),
			least, codes(r.InhibitedBy), code(r.Runbook),
		})
	}
	return page("Alert rules",
		fmt.Sprintf("The rules as shipped, looked at with every new reading and every %s. A reading over the threshold is pending, and fires when it\n"+
			"has been there for the whole time; it clears by a threshold of its own. A reading that is missing, or older than %d intervals of its\n"+
			"source, makes the alert unknown: it keeps its severity and its place, and nothing is cleared by it.", set.Every, set.StaleAfter),
		table([]string{"rule", "severity", "metric", "fires", "for", "clears", "for", "least count", "explained by", "runbook"}, rows),
		"P0 and P1 are critical, P2 and P3 are warnings. *Least count* is the number of requests below which a share or a quantile says\n"+
			"nothing. An alert is shown dimmed while one that explains it is there.",
		"An alert that begins to fire four times within an hour *flaps*: it then clears only after ten minutes in order, and asks for\n"+
			"attention once. Who takes one on (`A`) says so to all who watch the target from this machine; that drops when the alert fires\n"+
			"again, or when a rule with a higher severity on the same number fires. A mute (`M`) has a reason and lasts 24 hours at most; ten\n"+
			"minutes before its end *what changed* says so.",
		"## Beyond the screen",
		"When something critical begins to fire, the terminal rings its bell and shows a notice (OSC 9, in urxvt OSC 777). With `notify` in\n"+
			"the [configuration](config.md) each alert is also told once when it fires, when it gets worse, when somebody takes it on and\n"+
			"when it is over; one that is muted, or explained by another, is not. That is done by an open dashboard, of several over one target\n"+
			"on one machine by one. What cannot be delivered is tried again after 5 s up to 5 min, or when the other side asked for it;\n"+
			"it waits on disk, up to a hundred for each way and for a day. The rule `notify.failing` and the lines *about me* of the server's\n"+
			"view say that it does not arrive.",
		"## Rules of your own",
		"`rules:` in the configuration names a file. A rule with the id of a shipped one overrides what it names of it; one with an id of\n"+
			"its own is added, and one that is `off` is taken away.",
		yaml(rulesExample),
		"`tocsin rules lint` finds what contradicts itself in all of them.",
		"## Unit tests",
		"`tocsin rules test FILE…` runs the rules over readings that a file makes up. The values of a series follow one another, one for\n"+
			"each step: `85x6` is six of them, `?` one that is unknown, `-` a series that is not there, `!` a source that does not answer. A\n"+
			"series that ends sooner stays as it was. Labels and a `count` of requests go beside the metric; an alert is meant by its rule, and\n"+
			"by `labels` where it has several series. `pages` counts how often a rule pages from beginning to end.",
		yaml(rulesTestExample),
		"## What a threshold would have paged",
		"`tocsin rules replay FILE` lets rules look at a recording: what `tocsin status -o json` printed, one document after another. With\n"+
			"`--rule` and `--fire` one of them has another threshold, and both numbers are told. What came and went between two documents is\n"+
			"in none of them, and what could not be read then is unknown, not in order.",
		"```\n* * * * * tocsin status -o json | gzip >> /var/lib/tocsin/prod.gz\n"+
			"tocsin rules replay /var/lib/tocsin/prod.gz --rule db.connections --fire \"> 70%\" --clear \"< 65%\"\n```")
}

func configPage() string {
	return page("Configuration",
		"One strict YAML file: an unknown key is an error, with its line and the nearest name. It is looked for at `--config`, at\n"+
			"`$"+config.EnvPath+"`, then as `tocsin/config.yaml` in the XDG configuration folders and in `/etc`. `tocsin config check` reads all of it\n"+
			"and tells every fault; [config.schema.json](config.schema.json) is the schema for editors.",
		yaml(configExample),
		"## Every key",
		strings.TrimSuffix(config.Reference(), "\n"))
}
