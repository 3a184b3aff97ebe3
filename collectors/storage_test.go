package collectors

import (
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"tocsin/internal/local"
	"tocsin/internal/model"
	"tocsin/internal/testkit"
)

// TestStorage compares what is read with the file system itself.
func TestStorage(t *testing.T) {
	t.Parallel()
	everyMajor(t, func(t *testing.T, d database) {
		for _, role := range []string{"postgres", d.role(t, "watch", "pg_monitor")} {
			got := collect(t, &Storage{Server: d.watch(t, role), Now: time.Now})
			if len(got.Volumes) != 1 || !slices.Equal(got.Volumes[0].Holds, []string{"data directory"}) {
				t.Fatalf("as %s: %+v", role, got)
			}
			one := got.Volumes[0]
			var fs syscall.Statfs_t
			if err := syscall.Statfs(one.Mount, &fs); err != nil {
				t.Fatal(err)
			}
			whole := (fs.Blocks - fs.Bfree + fs.Bavail) * uint64(fs.Bsize)
			if diff := float64(one.Total) / float64(whole); diff < 0.98 || diff > 1.02 || one.Used == 0 {
				t.Errorf("%s has %d of %d bytes in use, the file system has %d", one.Mount, one.Used, one.Total, whole)
			}
		}
		got := collect(t, &Storage{Server: d.watch(t, d.role(t, "plain", "")), Now: time.Now})
		if len(got.Volumes) > 0 || !strings.Contains(got.Hidden, "GRANT pg_monitor") {
			t.Errorf("as a plain role: %+v", got)
		}
	})
}

// TestStorageOfTablespaces has a tablespace on a file system of its own, where
// the machine has one in memory.
func TestStorageOfTablespaces(t *testing.T) {
	t.Parallel()
	server := testkit.Postgres(t, local.PostgresOptions{})
	d := database{server: server, name: "postgres"}
	above := "/dev/shm"
	if _, err := os.Stat(above); err != nil {
		above = t.TempDir()
	}
	folder, err := os.MkdirTemp(above, "fast")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	if err := os.Chmod(folder, 0o777); err != nil { //nolint:gosec // the server is another user, and owns what it keeps there
		t.Fatal(err)
	}
	inner := folder + "/space"
	testkit.Exec(t, d.admin(t), "COPY (SELECT 1) TO PROGRAM 'mkdir -m 700 "+inner+"'", "CREATE TABLESPACE fast LOCATION '"+inner+"'")
	got := collect(t, &Storage{Server: d.watch(t, "postgres"), Now: time.Now})
	var holds []string
	for _, v := range got.Volumes {
		holds = append(holds, v.Holds...)
		mount, err := mountOf(folder)
		if slices.Contains(v.Holds, "tablespace fast") && (v.Mount != mount || err != nil) {
			t.Errorf("tablespace on %s, want %s (%v)", v.Mount, mount, err)
		}
	}
	slices.Sort(holds)
	if !slices.Equal(holds, []string{"data directory", "tablespace fast"}) {
		t.Errorf("found %+v", got)
	}
}

// TestVolumesInOrder wants the fullest first, and one that cannot be read told.
func TestVolumesInOrder(t *testing.T) {
	t.Parallel()
	c := Storage{Now: time.Now, trends: diskTrends{}}
	dir := t.TempDir()
	got := c.volumes(t.Context(), []storageRow{{Tablespace: "lost", Folder: dir + "/gone"}, {Tablespace: ordinary, Folder: dir}, {Tablespace: "same", Folder: dir}})
	if len(got) != 2 || !slices.Equal(got[0].Holds, []string{"data directory", "tablespace same"}) || got[1].Why == "" {
		t.Errorf("got %+v", got)
	}
	facts := model.Storage{Volumes: got}.Facts()
	if last := facts[len(facts)-1]; last.Known {
		t.Errorf("the lost one: %+v", last)
	}
}
