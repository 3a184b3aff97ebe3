package cli

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"tocsin/internal/alert"
	"tocsin/internal/audit"
	"tocsin/internal/config"
)

func (c *command) audit() *cobra.Command {
	cmd := groupOf(&cobra.Command{Use: "audit", Short: "Read and verify the record of what was done"})
	newest := 0
	list := &cobra.Command{Use: "list", Short: "List what was done, oldest first", Args: cobra.NoArgs}
	o := formFlag(list, formTable, formJSON)
	list.Flags().IntVarP(&newest, "number", "n", 0, "only the newest so many entries; 0 for all")
	list.RunE = func(*cobra.Command, []string) error {
		return oneShot(func() error { return c.auditList(newest, o.word) })
	}
	verify := &cobra.Command{
		Use: "verify", Short: "Check that the record is as it was written",
		Long: "verify checks every line of the audit against the next one and the last against audit.head.\n" +
			"It ends with 0 when the record is intact, and with 1 and the line when it is not.",
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return oneShot(c.auditVerify) },
	}
	cmd.AddCommand(list, verify)
	return cmd
}

// auditDir is the folder of the record. It is the same for all targets.
func (c *command) auditDir() (string, error) {
	valid, err := config.Load(c.config)
	if err != nil {
		return "", &exit{exitUsage, withAdvice(err)}
	}
	return valid.StateDir(), nil
}

// auditList prints the newest entries, those of one target where one is named.
func (c *command) auditList(newest int, format string) error {
	dir, err := c.auditDir()
	if err != nil {
		return err
	}
	all, err := audit.List(dir)
	if err != nil {
		return &exit{exitFailed, err}
	}
	entries := []audit.Entry{}
	for _, e := range all {
		if c.target == "" || e.Target == c.target {
			entries = append(entries, e)
		}
	}
	if newest > 0 && len(entries) > newest {
		entries = entries[len(entries)-newest:]
	}
	if format == formJSON {
		return c.putJSON(auditDocument{documentVersion, entries})
	}
	out := c.page()
	var rows []row
	for _, e := range entries {
		rows = append(rows, auditRow(e))
	}
	out.table([]string{"SEQ", "AT", "WHO", "TARGET", "PHASE", "ACTION", "PARAMS", "OUTCOME", "DETAIL"}, rows)
	return c.putPage(out)
}

// auditDocument is the form of `audit list -o json`.
type auditDocument struct {
	Version int           `json:"version"`
	Entries []audit.Entry `json:"entries"`
}

func auditRow(e audit.Entry) row {
	who, outcome, detail := "", e.Outcome, e.Detail
	if e.Who != nil {
		who = e.Who.User
	}
	switch e.Phase {
	case audit.Intent:
		detail = e.Reason
	case audit.Effect:
		outcome = e.Verdict
	}
	params := ""
	if len(e.Params) > 0 {
		text, _ := json.Marshal(e.Params) // they came from JSON
		params = strings.Trim(string(text), "{}")
	}
	level := alert.Fine
	if e.Phase == audit.Breach {
		level = alert.Critical
	}
	return row{level: level, cells: []string{
		fmt.Sprint(e.Seq), stamp(e.At.Time), who, e.Target, string(e.Phase), e.Action, params, outcome, detail,
	}}
}

// auditVerify prints what the check of the whole record found.
func (c *command) auditVerify() error {
	dir, err := c.auditDir()
	if err != nil {
		return err
	}
	report, err := audit.Verify(dir)
	if err != nil {
		return &exit{exitFailed, err}
	}
	out := c.page()
	if report.Broken == nil {
		out.line("intact: %d lines in %s", report.Lines, dir)
	} else {
		out.line("BROKEN at %s", report.Broken)
		out.line("the lines before it are as they were written, in %s", dir)
	}
	out.line("hash: %s", report.Hash)
	for _, e := range report.Repair {
		out.line("repaired at line %d, %s: %s", e.Seq, stamp(e.At.Time), e.Detail)
	}
	for _, note := range report.Notes {
		out.line("note: %s", note)
	}
	if err := c.putPage(out); err != nil || report.Broken == nil {
		return err
	}
	return &exit{code: exitFailed}
}
