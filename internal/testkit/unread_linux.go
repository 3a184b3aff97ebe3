package testkit

import "golang.org/x/sys/unix"

const unreadRequest = unix.TIOCINQ
