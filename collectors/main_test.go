package collectors

import (
	"os"
	"testing"

	"tocsin/internal/testkit"
)

// servers are started by the first test that asks for one.
var servers testkit.Servers

func TestMain(m *testing.M) { os.Exit(servers.Main(m)) }
