package ui

// Pages are the views on the digit keys. The overview has no tabs: its panels
// come from [Overview].
func Pages() []Page {
	return []Page{
		{Key: '0', Name: "overview"},
		{Key: '1', Name: "sessions", Tabs: []Tab{
			{Name: "Locks", Frame: locksFrame, Detail: sessionDetail},
			{Name: "Sessions", Frame: sessionsFrame, Detail: sessionDetail},
			{Name: "Running", Frame: runningFrame, Detail: sessionDetail},
			{Name: "Horizon", Frame: horizonFrame, Detail: horizonDetail},
			{Name: "Server", Frame: serverFrame, Detail: serverDetail},
			{Name: "Replication", Frame: replicationFrame, Detail: replicationDetail},
			{Name: "Progress", Frame: progressFrame, Detail: progressDetail},
		}},
		{Key: '2', Name: "statements", Tabs: []Tab{
			{Name: "Statements", Frame: statementsFrame, Detail: statementDetail},
			{Name: "Regressions", Frame: worseFrame, Detail: statementDetail},
		}},
		{Key: '3', Name: "tables", Tabs: []Tab{
			{Name: "Tables", Frame: tablesFrame, Detail: tableDetail},
			{Name: "Indexes", Frame: indexesFrame, Detail: indexDetail},
			{Name: "Bloat", Frame: bloatFrame, Detail: bloatDetail},
			{Name: "Sequences", Frame: sequencesFrame, Detail: sequenceDetail},
			{Name: "Wraparound", Frame: wraparoundFrame, Detail: wraparoundDetail},
		}},
		{Key: '4', Name: "services", Tabs: []Tab{
			{Name: "Services", Frame: servicesFrame, Detail: serviceDetail},
			{Name: "Supabase", Frame: supabaseFrame, Detail: supabaseDetail},
			{Name: "Business", Frame: businessFrame, Detail: businessDetail},
		}},
		{Key: '5', Name: "deploys", Tabs: []Tab{
			{Name: "Deployments", Frame: deploymentsFrame, Detail: deploymentDetail},
			{Name: "Domains", Frame: domainsFrame, Detail: domainDetail},
			{Name: "Firewall", Frame: firewallFrame, Detail: firewallDetail},
		}},
		{Key: '6', Name: "errors", Tabs: []Tab{
			{Name: "Errors and latency", Frame: errorsFrame, Detail: errorsDetail},
			{Name: "Issues", Frame: issuesFrame, Detail: issueDetail},
			{Name: "Crons", Frame: cronsFrame, Detail: cronDetail},
			{Name: "Quota", Frame: quotaFrame, Detail: quotaDetail},
		}},
		{Key: '7', Name: "cache", Tabs: []Tab{
			{Name: "Cache", Frame: cacheFrame, Detail: cacheDetail},
			{Name: "Keys", Frame: keysFrame, Detail: keysDetail},
			{Name: "Slow log", Frame: slowLogFrame, Detail: slowLogDetail},
		}},
		{Key: '8', Name: "host", Tabs: []Tab{
			{Name: "Host", Frame: hostFrame, Detail: hostDetail},
			{Name: "Database", Frame: machineFrame, Detail: machineDetail},
			{Name: "Fleet", Frame: fleetFrame, Detail: fleetDetail},
		}},
		{Key: '9', Name: "incident", Tabs: []Tab{
			{Name: "Incident", Frame: incidentFrame, Detail: incidentDetail},
			{Name: "Runbook", Frame: stepsFrame, Detail: stepDetail},
			{Name: "Runbooks", Frame: booksFrame, Detail: bookDetail},
			{Name: "Contacts", Frame: contactsFrame, Detail: contactDetail},
			{Name: "Past", Frame: pastFrame, Detail: pastDetail},
			{Name: "What helped", Frame: ledgerFrame, Detail: ledgerDetail},
		}},
	}
}
