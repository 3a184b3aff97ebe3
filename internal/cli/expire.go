package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"tocsin/actions"
	"tocsin/internal/alert"
	"tocsin/internal/config"
	"tocsin/internal/expire"
	"tocsin/internal/statedir"
)

// promises are those of one target, with the way to have them carried out.
type promises struct {
	expire.Folder

	config string // path of the configuration
	target string
}

// promisesOf names the folder; it is made with the first promise.
func promisesOf(valid config.Valid, target string) promises {
	dir := filepath.Join(folderOf(valid, target).dir, "expire")
	return promises{Folder: expire.Folder{Dir: dir}, config: valid.Path, target: target}
}

// Start implements actions.Promises: a process in a session of its own, which
// no hang-up reaches, waits and carries it out.
func (p promises) Start(id string) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	log, err := statedir.Open(filepath.Join(p.Dir, "log"), os.O_WRONLY|os.O_CREATE|os.O_APPEND)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(program, "--config", p.config, "--target", p.target, "expire", id)
	cmd.Args[0] = os.Args[0] // as it was called
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() { _ = cmd.Wait() }() // its end is in the audit; here it is only taken note of
	return nil
}

func (c *command) expire() *cobra.Command {
	cmd := &cobra.Command{
		Use: "expire [ID]", Short: "List what will be taken back by itself, or wait for one and take it back",
		Long: "Some changes end after a while: a blocked address is let in again. What takes them back is on disk before the change\n" +
			"is made, and a process `tocsin expire ID` of its own waits for the time. Without an ID, expire lists what is waiting.\n" +
			"With one, it waits until that is due, takes the change back and records it in the audit; it is safe to run twice.",
		Args: cobra.MaximumNArgs(1),
	}
	o := formFlag(cmd, formTable, formJSON)
	cmd.RunE = func(_ *cobra.Command, ids []string) error {
		if len(ids) == 0 {
			return oneShot(func() error { return c.listPromises(o.word) })
		}
		return oneShot(func() error { return c.carryOut(ids[0]) })
	}
	return cmd
}

// promiseDocument is one promise in `expire -o json`.
type promiseDocument struct {
	ID      string            `json:"id"`
	Due     time.Time         `json:"due"`
	Overdue bool              `json:"overdue"`
	Action  string            `json:"action"`
	Args    map[string]string `json:"args"`
	Target  string            `json:"target"`
	Made    time.Time         `json:"made"`
	By      string            `json:"by"`
}

// promisesDocument is the form of `expire -o json`.
type promisesDocument struct {
	Version  int               `json:"version"`
	Promises []promiseDocument `json:"promises"`
}

func (c *command) listPromises(format string) error {
	valid, target, err := c.load()
	if err != nil {
		return err
	}
	list, err := promisesOf(valid, target.Name).List()
	if err != nil {
		c.warn(err)
	}
	now := time.Now()
	doc := promisesDocument{Version: documentVersion, Promises: []promiseDocument{}}
	out := c.page()
	var rows []row
	for _, p := range list {
		late := p.Overdue(now)
		doc.Promises = append(doc.Promises, promiseDocument{p.ID, p.Due, late, p.Action, p.Args, p.Target, p.Made, p.By})
		level, when := alert.Fine, "in "+time.Until(p.Due).Round(time.Second).String()
		switch {
		case late:
			level, when = alert.Warning, "overdue"
		case !p.Due.After(now):
			when = "now"
		}
		rows = append(rows, row{level: level, cells: []string{p.ID, stamp(p.Due), when, p.Action, p.Target, p.By}})
	}
	if format == formJSON {
		return c.putJSON(doc)
	}
	out.table([]string{"ID", "DUE", "", "ACTION", "TARGET", "BY"}, rows)
	return c.putPage(out)
}

// expireLook is how often a waiting process looks whether it is still needed,
// and what time it is: a machine may have slept.
const expireLook = 15 * time.Second

// carryOut waits until a promise is due and keeps it.
func (c *command) carryOut(id string) error {
	valid, target, err := c.load()
	if err != nil {
		return err
	}
	if c.readOnly {
		return &exit{exitFailed, errors.New("expire: this session is read-only (--readonly): nothing was run")}
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	folder := promisesOf(valid, target.Name)
	p, err := waitUntilDue(ctx, folder.Folder, id)
	switch {
	case errors.Is(err, expire.ErrGone):
		c.note("%s: it was taken back already", id)
		return nil
	case ctx.Err() != nil:
		return &exit{code: exitSignal + int(syscall.SIGTERM)}
	case err != nil:
		return &exit{exitFailed, err}
	}
	return c.keepTrying(ctx, folder.Folder, p)
}

// note prints a line for the log of the process.
func (c *command) note(format string, args ...any) {
	_, _ = fmt.Fprintf(c.out, "%s "+format+"\n", append([]any{stamp(time.Now())}, args...)...)
}

// waitUntilDue returns when a promise is due; [expire.ErrGone] when it is no
// longer there.
func waitUntilDue(ctx context.Context, f expire.Folder, id string) (expire.Promise, error) {
	for {
		p, err := f.Get(id)
		if err != nil || ctx.Err() != nil {
			return p, errors.Join(err, ctx.Err())
		}
		left := time.Until(p.Due)
		if left <= 0 {
			return p, nil
		}
		pause(ctx, min(left, expireLook))
	}
}

// expirePauses are the pauses between the attempts to keep a promise. What is
// left after the last stays for people: a dashboard offers it.
func expirePauses() []time.Duration {
	return []time.Duration{10 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 3 * time.Hour}
}

func (c *command) keepTrying(ctx context.Context, f expire.Folder, p expire.Promise) error {
	for _, wait := range append(expirePauses(), 0) {
		text, err := c.keepPromise(ctx, f, p.ID)
		if err == nil {
			c.note("%s: %s", p.ID, text)
			return nil
		}
		c.note("%s: %s %s: %v", p.ID, p.Action, p.Target, err)
		if wait == 0 || ctx.Err() != nil {
			break
		}
		pause(ctx, wait)
	}
	return &exit{exitFailed, fmt.Errorf("%s is not taken back: tocsin do %s, or the dashboard", p.Target, p.Action)}
}

// keepPromise takes a change back, if nobody else does or has.
func (c *command) keepPromise(ctx context.Context, f expire.Folder, id string) (text string, err error) {
	p, release, err := f.Claim(id)
	if errors.Is(err, expire.ErrGone) {
		return "it was taken back already", nil
	}
	if err != nil {
		return "", err
	}
	defer release()
	program, err := c.open()
	if err != nil {
		return "", err
	}
	defer program.close()
	out, err := program.runner.Do(ctx, actions.Order{Action: p.Action, Args: p.Args, Confirm: onTime(p)})
	if err != nil && !out.Plan.Moot {
		return "", err
	}
	return out.Text, f.Drop(id)
}

// onTime confirms the card of what was promised: it was confirmed with the
// change itself, which told when it ends.
func onTime(p expire.Promise) actions.Confirm {
	return func(_ context.Context, card actions.Card) (actions.Answer, error) {
		a := actions.Answer{Yes: true, Typed: card.Phrase, Reason: "the time of " + p.ID + " is up"}
		if card.Arm {
			a.Armed = card.Server
		}
		return a, nil
	}
}
