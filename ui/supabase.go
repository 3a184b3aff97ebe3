package ui

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"tocsin/internal/model"
	"tocsin/internal/store"
)

// hostedItem is one line about a project at Supabase.
type hostedItem struct {
	name   string // under its source; what is there once has that name
	what   string
	stands string
	means  string
	level  int // 0 calm, 1 unknown, 2 warning, 3 critical
	args   map[string]string
}

// supabaseFrame lists everything that is known of the project, each part as it
// stands and what that means, what is in trouble first. What could not be read
// says why in its place.
func supabaseFrame(in In) Frame {
	t := &Table{Columns: []Column{
		{Name: "what", Title: "", Width: 14},
		{Name: "stands", Title: "stands", Width: 30},
		{Name: "means", Title: ""},
	}}
	project := read(in.View, store.SupabaseProjectKey())
	t.Rows = append(t.Rows, hostedRows(in, project, projectItems(in, project.Value))...)
	t.Rows = append(t.Rows, rowsOf(in, store.SupabaseComputeKey(), computeItems)...)
	t.Rows = append(t.Rows, rowsOf(in, store.SupabaseBackupsKey(), backupItems)...)
	t.Rows = append(t.Rows, rowsOf(in, store.SupabaseSettingsKey(), hostedSettings)...)
	t.Rows = append(t.Rows, rowsOf(in, store.SupabaseNetworkKey(), networkItems)...)
	t.Rows = append(t.Rows, rowsOf(in, store.SupabaseUsageKey(), usageItems)...)
	t.Rows = append(t.Rows, rowsOf(in, store.SupabaseAdviceKey(), adviceItems)...)
	if project.status.State == store.Unconfigured {
		t.Rows = nil
	}
	slices.SortStableFunc(t.Rows, func(a, b Row) int { return cmp.Compare(b.Cells[1].Num, a.Cells[1].Num) })
	return frameOf(in, Frame{Table: t}, project.status)
}

func rowsOf[T store.Snapshot](in In, key store.Key[T], items func(In, T) []hostedItem) []Row {
	r := read(in.View, key)
	return hostedRows(in, r, items(in, r.Value))
}

// hostedRows are the lines of one source, or the line that says why there are
// none.
func hostedRows[T store.Snapshot](in In, r reading[T], items []hostedItem) []Row {
	if !r.has() {
		items = []hostedItem{{what: bare(r.status.Name), stands: in.glyphs().Unknown, means: lineText(trouble(in, r.status, 200)), level: unknownLevel(r.status)}}
	}
	var rows []Row
	for _, it := range items {
		role, stands := levelRole(it.level, Strong), it.stands
		if it.level > 1 {
			stands = in.mark(it.level) + " " + stands
		}
		rows = append(rows, Row{Key: r.status.Name + "/" + it.name, Args: it.args, Cells: []Cell{
			{Text: it.what}, {Text: stands, Role: role, Num: float64(it.level), HasNum: true}, {Text: it.means, Role: Muted},
		}})
	}
	if r.has() && r.status.State != store.OK {
		return fadedRows(rows)
	}
	return rows
}

func lineText(l Line) string {
	text := ""
	for _, s := range l {
		text += s.Text
	}
	return text
}

// metricLevel is how loud the alert on a number is.
func metricLevel(in In, metric string, labels model.Labels) int {
	if a, ok := alertOn(in, metric, labels); ok && a.Trouble() {
		return int(a.Level())
	}
	return 0
}

func projectItems(in In, p model.SupabaseProject) []hostedItem {
	items := []hostedItem{
		{what: "project", stands: p.Word(), level: metricLevel(in, "supabase.project.trouble", nil),
			means: commas(p.Name, p.Region, "PostgreSQL "+p.Postgres)},
		{name: "calls", what: "API calls", stands: budgetText(p.Budget), means: budgetMeans(p.Budget)},
	}
	for _, s := range p.Services {
		it := hostedItem{name: "service " + s.Name, what: s.Name, stands: "healthy", means: s.Error, level: metricLevel(in, "supabase.service.down", model.Labels{"service": s.Name})}
		if !s.Healthy() {
			it.stands = strings.ToLower(strings.ReplaceAll(s.Status, "_", " "))
			it.level = max(it.level, 2)
		}
		items = append(items, it)
	}
	return items
}

// commas puts words with a comma between, without those that say nothing.
func commas(words ...string) string {
	var out []string
	for _, w := range words {
		if strings.TrimSpace(w) != "" {
			out = append(out, w)
		}
	}
	return strings.Join(out, ", ")
}

// budgetText is how many calls a provider still takes.
func budgetText(b model.Budget) string {
	if b.Limit <= 0 {
		return "not told"
	}
	return count(int64(b.Left)) + " of " + count(int64(b.Limit)) + " left"
}

func budgetMeans(b model.Budget) string {
	if b.Limit <= 0 {
		return ""
	}
	return "a minute, of all tokens of the account; other programs' calls are not seen"
}

func computeItems(in In, c model.SupabaseCompute) []hostedItem {
	size := hostedItem{name: "size", what: "compute", stands: commas(c.Size, c.SizeID), means: c.Price}
	if c.Size == "" {
		size.stands, size.means = "of the plan", "no size is bought"
	}
	disk := hostedItem{name: "disk", what: "disk", stands: in.glyphs().Unknown, level: metricLevel(in, "supabase.volume.used", nil)}
	if pct, ok := c.Volume.UsedPct(); ok {
		disk.stands = percent(pct) + " of " + bytes(c.Volume.Total)
	}
	if c.DiskType != "" {
		disk.means = c.DiskType + ", " + count(c.DiskGB) + " GB, " + count(c.IOPS) + " operations/s"
	}
	items := []hostedItem{size, disk, writeItem(in, c)}
	return append(items, hiddenItem(c.Hidden)...)
}

func writeItem(in In, c model.SupabaseCompute) hostedItem {
	it := hostedItem{name: "writes", what: "writes", stands: in.glyphs().Unknown, level: metricLevel(in, "supabase.readonly", nil)}
	switch {
	case c.ReadOnly == nil:
	case *c.ReadOnly:
		it.stands, it.means, it.level = "refused", "the database is read-only: its disk is nearly full", 3
	case c.Override:
		it.stands, it.means, it.level = "taken for a while", "the disk is nearly full; read-only mode is off for a while", 2
	default:
		it.stands, it.means = "taken", "the database becomes read-only when 95 % of its disk are in use"
	}
	return it
}

// hiddenItem says what could not be read, and the right for it.
func hiddenItem(what string) []hostedItem {
	if what == "" {
		return nil
	}
	return []hostedItem{{name: "hidden", what: "partly hidden", stands: "a right is missing", means: what, level: 1}}
}

func backupItems(in In, b model.SupabaseBackups) []hostedItem {
	it := hostedItem{name: "newest", what: "backup", stands: "none", means: "there is no completed backup", level: metricLevel(in, "supabase.backup.none", nil)}
	if at, ok := b.Newest(); ok {
		it.level = metricLevel(in, "supabase.backup.age", nil)
		it.stands, it.means = age(in.View.Now().Sub(at))+" old", "newest, of "+in.full(at)
	}
	window := hostedItem{name: "window", what: "point in time", stands: "not bought", means: "only whole backups, of " + plural(len(b.List), "day", "days")}
	if b.PITR {
		window.stands = age(b.Latest.Sub(b.Oldest)) + " back"
		window.means = in.full(b.Oldest) + " to " + in.full(b.Latest)
	}
	return []hostedItem{it, window}
}

func hostedSettings(in In, s model.SupabaseSettings) []hostedItem {
	var items []hostedItem
	if p := s.Pooler; p != nil {
		items = append(items, hostedItem{name: "pool", what: "pool", stands: poolText(p), means: poolMeans(p)},
			hostedItem{name: "replicas", what: "read replicas", stands: count(int64(len(s.Replicas)))})
	}
	for _, r := range s.Replicas {
		items = append(items, hostedItem{name: "replica " + r.ID, what: "replica", stands: r.ID, means: r.Host})
	}
	if n := len(s.Settings); n > 0 {
		items = append(items, hostedItem{name: "settings", what: "settings", stands: plural(n, "is set", "are set"), means: settingText(s)})
	}
	return append(items, hiddenItem(s.Hidden)...)
}

func poolText(p *model.ManagedPooler) string {
	if p.Size == nil {
		return "default size, " + p.Mode
	}
	return count(int64(*p.Size)) + " connections, " + p.Mode
}

func poolMeans(p *model.ManagedPooler) string {
	text := "for each user and database"
	if p.MaxClients != nil {
		text += "; takes " + count(int64(*p.MaxClients)) + " clients"
	}
	return text
}

// settingText are the settings in one line.
func settingText(s model.SupabaseSettings) string {
	var parts []string
	for _, one := range s.Settings {
		parts = append(parts, one.Name+" "+one.Value)
	}
	return strings.Join(parts, ", ")
}

func networkItems(_ In, n model.SupabaseNetwork) []hostedItem {
	from := hostedItem{name: "from", what: "reached from", stands: "anywhere", means: "no network restriction"}
	if !n.Open {
		from.stands, from.means = plural(len(n.Allowed), "network", "networks"), strings.Join(n.Allowed, ", ")
	}
	if n.Stored {
		from.means += "; a change is not in force yet"
	}
	items := []hostedItem{from}
	if n.Bans != nil && len(n.Bans) == 0 {
		items = append(items, hostedItem{name: "bans", what: "shut out", stands: "nobody"})
	}
	for _, b := range n.Bans {
		items = append(items, hostedItem{
			name: "ban " + b.Address, what: "shut out", stands: b.Address, means: "too many wrong passwords; a lifts it",
			args: map[string]string{"ip": b.Address},
		})
	}
	return append(items, hiddenItem(n.Hidden)...)
}

func usageItems(_ In, u model.SupabaseUsage) []hostedItem {
	var parts []string
	total := 0
	for _, c := range u.Requests {
		parts = append(parts, c.Name+" "+count(int64(c.N)))
		total += c.N
	}
	return []hostedItem{{name: "requests", what: "requests", stands: count(int64(total)) + " in " + strconv.Itoa(int(u.Span.Minutes())) + " min", means: strings.Join(parts, ", ")}}
}

// adviceShown is how many findings have a line of their own.
const adviceShown = 12

func adviceItems(_ In, a model.SupabaseAdvice) []hostedItem {
	var items []hostedItem
	for i, l := range a.Lints[:min(len(a.Lints), adviceShown)] {
		items = append(items, hostedItem{name: "lint " + strconv.Itoa(i), what: "advice", stands: strings.ToLower(l.Level) + ", " + l.Kind, means: nameOr(l.Detail, l.Title)})
	}
	switch more := len(a.Lints) - len(items); {
	case more > 0:
		items = append(items, hostedItem{name: "more", what: "advice", stands: count(int64(more)) + " more", means: "see the dashboard of Supabase"})
	case len(a.Lints) == 0 && a.Hidden == "":
		items = append(items, hostedItem{name: "none", what: "advice", stands: "none", means: "the advisors found nothing"})
	}
	return append(items, hiddenItem(a.Hidden)...)
}
