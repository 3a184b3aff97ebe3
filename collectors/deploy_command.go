package collectors

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"time"

	"tocsin/internal/model"
	"tocsin/internal/web"
)

// commandOutput is the most bytes that are read of what a command prints.
const commandOutput = 1 << 20

// CommandDeployments reads deployments from a command of the user's own, for
// those who are not at a provider we know.
// Source: its standard output, a JSON array, newest build first.
type CommandDeployments struct {
	Name string   // what the deployments are of: the target
	Argv []string // program and arguments; no shell
}

// commandBuild is one build as the command prints it.
type commandBuild struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	State     string    `json:"state"`
	Commit    string    `json:"commit"`
	Message   string    `json:"message"`
	Author    string    `json:"author"`
	Created   time.Time `json:"created"`
	Ready     time.Time `json:"ready"`
	Live      bool      `json:"live"`
	Candidate bool      `json:"candidate"`
	Error     string    `json:"error"`
}

// Collect runs the command once.
func (c CommandDeployments) Collect(ctx context.Context) (model.Deployments, error) {
	out, err := c.run(ctx)
	if err != nil {
		return model.Deployments{}, err
	}
	var builds []commandBuild
	if err := json.Unmarshal(out, &builds); err != nil {
		return model.Deployments{}, &model.Fail{
			Class: model.Protocol, Text: fmt.Sprintf("%s printed no list of builds: %v", c.Argv[0], err),
			Hint: "it has to print a JSON array, see `tocsin config schema`",
		}
	}
	d := model.Deployments{Project: c.Name}
	for _, b := range builds {
		name := b.Name
		if name == "" {
			name = b.ID
		}
		d.Rows = append(d.Rows, model.Deployment{
			ID: b.ID, Name: name, State: b.State, Commit: b.Commit, Message: b.Message, Author: b.Author,
			Created: b.Created, Ready: b.Ready, Live: b.Live, Candidate: b.Candidate, Error: b.Error,
		})
	}
	return d, nil
}

func (c CommandDeployments) run(ctx context.Context) ([]byte, error) {
	cmd := exec.CommandContext(ctx, c.Argv[0], c.Argv[1:]...)
	cmd.WaitDelay = time.Second // a child of it may hold the pipe open
	out, said := &limited{left: commandOutput, refuse: true}, &limited{left: 1 << 10}
	cmd.Stdout, cmd.Stderr = out, said
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%s: %w", c.Argv[0], ctx.Err())
	case out.cut:
		return nil, &model.Fail{Class: model.Protocol, Text: fmt.Sprintf("%s printed more than %d bytes", c.Argv[0], commandOutput)}
	case err != nil:
		return nil, &model.Fail{Class: model.Broken, Text: fmt.Sprintf("%s: %v", c.Argv[0], err), Hint: web.FirstLine(said.kept.String())}
	}
	return out.kept.Bytes(), nil
}

// errFull ends a command that prints too much.
var errFull = errors.New("too much output")

// limited keeps the first bytes that are written to it. It does not embed the
// buffer: its ReadFrom would pass the limit by.
type limited struct {
	kept   bytes.Buffer
	left   int
	refuse bool // the rest is an error, which closes the pipe; else it is dropped
	cut    bool
}

// Write implements io.Writer.
func (l *limited) Write(p []byte) (int, error) {
	fits := p[:min(len(p), l.left)]
	l.left -= len(fits)
	l.kept.Write(fits)
	l.cut = l.cut || len(fits) < len(p)
	if l.cut && l.refuse {
		return len(fits), errFull
	}
	return len(p), nil
}
