package testkit_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"tocsin/internal/local"
	"tocsin/internal/testkit"
)

func TestStandby(t *testing.T) {
	for _, major := range testkit.Majors() {
		t.Run(fmt.Sprint(major), func(t *testing.T) {
			primary := testkit.PostgresMajor(t, major, local.PostgresOptions{})
			standby := testkit.Standby(t, primary, "replica1")
			testkit.Exec(t, testkit.Connect(t, primary.DSN("postgres", "postgres")), "CREATE TABLE copied ()")
			there := testkit.Connect(t, standby.DSN("postgres", "postgres"))
			testkit.Until(t, 10*time.Second, "the table to arrive", func(context.Context) bool {
				return testkit.One[bool](t, there, "SELECT pg_is_in_recovery() AND to_regclass('copied') IS NOT NULL")
			})
			if err := standby.Promote(); err != nil {
				t.Fatal(err)
			}
			testkit.Until(t, 10*time.Second, "the promotion", func(context.Context) bool {
				return testkit.One[bool](t, there, "SELECT NOT pg_is_in_recovery()")
			})
		})
	}
}
