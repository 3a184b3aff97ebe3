package local

import "syscall"

// endWithParent makes the kernel send sig to the child when we die, however
// that happens.
func endWithParent(attr *syscall.SysProcAttr, sig syscall.Signal) { attr.Pdeathsig = sig }
