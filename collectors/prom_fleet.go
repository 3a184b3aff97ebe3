package collectors

import (
	"context"
	"fmt"
	"math"
	"strings"

	"tocsin/internal/model"
	"tocsin/internal/prom"
)

// The expressions that are used where the configuration has no others, for the
// node exporter. Each has one series per machine.
const (
	DefaultHostUp     = `up{job=~".*node.*"}`
	DefaultHostCPU    = `100 * (1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m])))`
	DefaultHostMemory = `100 * (1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)`
	DefaultHostDisk   = `max by (instance) (100 * (1 - node_filesystem_avail_bytes{fstype!~"tmpfs|ramfs|squashfs|overlay|iso9660"} / node_filesystem_size_bytes))`
)

// fleetListed is how many machines are listed of each kind. A fleet that is not
// larger is listed whole.
const fleetListed = 100

// PromFleetOptions says with which expressions a Prometheus tells about
// machines.
type PromFleetOptions struct {
	Label                 string // by which a machine is told apart; "" is instance
	Up, CPU, Memory, Disk string // "" is the one for the node exporter
}

// PromFleet reads every machine that a Prometheus knows of: the worst of each
// kind and the sums, however many there are. Source: one query.
type PromFleet struct {
	client *prom.Client
	opts   PromFleetOptions
}

// NewPromFleet fills in the expressions that are not given.
func NewPromFleet(client *prom.Client, opts PromFleetOptions) PromFleet {
	for _, e := range []struct {
		given    *string
		fallback string
	}{
		{&opts.Label, "instance"}, {&opts.Up, DefaultHostUp}, {&opts.CPU, DefaultHostCPU},
		{&opts.Memory, DefaultHostMemory}, {&opts.Disk, DefaultHostDisk},
	} {
		if strings.TrimSpace(*e.given) == "" {
			*e.given = e.fallback
		}
	}
	return PromFleet{client: client, opts: opts}
}

// uses are the resources by the name of their part.
func (p PromFleet) uses() map[string]string {
	return map[string]string{"cpu": p.opts.CPU, "memory": p.opts.Memory, "disk": p.opts.Disk}
}

// Collect asks once for everything.
func (p PromFleet) Collect(ctx context.Context) (model.Fleet, error) {
	ask := map[string]string{
		"total": fmt.Sprintf("count(%s)", p.opts.Up), "down": fmt.Sprintf("count((%s) == 0) or 0 * count(%s)", p.opts.Up, p.opts.Up),
		"down.list": fmt.Sprintf("topk(%d, (%s) == 0)", fleetListed, p.opts.Up),
	}
	for name, expression := range p.uses() {
		ask[name+".mean"] = fmt.Sprintf("avg(%s)", expression)
		ask[name+".max"] = fmt.Sprintf("max(%s)", expression)
		ask[name+".over"] = fmt.Sprintf("count((%s) > %d) or 0 * count(%s)", expression, model.FleetLimit, expression)
		ask[name+".list"] = fmt.Sprintf("topk(%d, %s)", fleetListed, expression)
	}
	samples, err := p.client.Query(ctx, prom.Bundle(ask))
	if err != nil {
		return model.Fleet{}, fmt.Errorf("machines: %w", err)
	}
	if len(samples) == 0 {
		return model.Fleet{}, fmt.Errorf("machines: %w", &model.Fail{
			Class: model.Missing, Text: "Prometheus has no series of a node exporter", Hint: "name the expressions under prometheus.hosts",
		})
	}
	out, err := p.fleet(prom.Unbundle(samples))
	if err != nil {
		return model.Fleet{}, fmt.Errorf("machines: %w", err)
	}
	return out, nil
}

func (p PromFleet) fleet(parts map[string][]prom.Sample) (model.Fleet, error) {
	out := model.Fleet{Listed: fleetListed}
	for name, into := range map[string]**float64{
		"cpu.mean": &out.CPU.Mean, "cpu.max": &out.CPU.Max, "memory.mean": &out.Memory.Mean, "memory.max": &out.Memory.Max,
		"disk.mean": &out.Disk.Mean, "disk.max": &out.Disk.Max,
	} {
		v, err := oneNumber(name, parts[name])
		if err != nil {
			return out, err
		}
		*into = v
	}
	for name, into := range map[string]**int64{
		"total": &out.Total, "down": &out.Down, "cpu.over": &out.CPU.Over, "memory.over": &out.Memory.Over, "disk.over": &out.Disk.Over,
	} {
		v, err := oneNumber(name, parts[name])
		if err != nil {
			return out, err
		}
		*into = wholeOf(v)
	}
	out.Hosts = p.hosts(parts)
	return out, nil
}

// wholeOf is a number of things; nil stays nil.
func wholeOf(v *float64) *int64 {
	if v == nil {
		return nil
	}
	n := int64(math.Round(*v))
	return &n
}

// hosts merges the lists by machine, in the order in which they first turn up.
func (p PromFleet) hosts(parts map[string][]prom.Sample) []model.FleetHost {
	var out []model.FleetHost
	at := map[string]int{}
	host := func(s prom.Sample) *model.FleetHost {
		name := s.Labels[p.opts.Label]
		i, ok := at[name]
		if !ok {
			i = len(out)
			at[name] = i
			out = append(out, model.FleetHost{Name: name})
		}
		return &out[i]
	}
	for _, s := range parts["down.list"] {
		host(s).Down = true
	}
	for _, s := range parts["cpu.list"] {
		host(s).CPU = s.Value
	}
	for _, s := range parts["memory.list"] {
		host(s).Memory = s.Value
	}
	for _, s := range parts["disk.list"] {
		host(s).Disk = s.Value
	}
	return out
}
