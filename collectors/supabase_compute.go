package collectors

import (
	"context"

	"tocsin/internal/model"
	"tocsin/internal/supabase"
)

// SupabaseCompute reads what the database of a project runs on.
// Source: the management API, four requests.
type SupabaseCompute struct{ Client *supabase.Client }

// Collect reads the size, the disk, how full it is, and whether the database
// takes writes.
func (s SupabaseCompute) Collect(ctx context.Context) (model.SupabaseCompute, error) {
	var out model.SupabaseCompute
	var p partly
	if addons, err := s.Client.Addons(ctx); p.part("the compute size", err) {
		for _, a := range addons.Selected {
			if a.Type == "compute_instance" {
				out.Size, out.SizeID, out.Price = a.Variant.Name, a.Variant.ID, a.Variant.Price.Text
			}
		}
	}
	disk, err := s.Client.Disk(ctx)
	if p.part("the disk", err) {
		out.DiskType, out.DiskGB, out.IOPS = disk.Attributes.Type, disk.Attributes.SizeGB, disk.Attributes.IOPS
	}
	use, err := s.Client.DiskUse(ctx)
	if p.part("how full the disk is", err) {
		// What is kept for root counts as gone, as df does it.
		out.Volume = model.Disk{Mount: "data", Used: uint64(max(use.Metrics.Used, 0)), Total: uint64(max(use.Metrics.Used+use.Metrics.Avail, 0))}
	} else {
		out.Volume = model.Disk{Mount: "data", Why: "could not be read"}
	}
	if read, err := s.Client.ReadOnly(ctx); p.part("whether it takes writes", err) {
		out.ReadOnly, out.Override = &read.Enabled, read.Override
	}
	out.Hidden, err = p.result()
	return out, err
}
