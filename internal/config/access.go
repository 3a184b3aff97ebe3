package config

import "golang.org/x/sys/unix"

// writable asks the kernel, which knows groups and access lists.
func writable(dir string) bool { return unix.Access(dir, unix.W_OK) == nil }
