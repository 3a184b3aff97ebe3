//go:build !linux

package local

import "syscall"

// endWithParent does nothing: this system has no signal for a parent's death.
func endWithParent(*syscall.SysProcAttr, syscall.Signal) {}
