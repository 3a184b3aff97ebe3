//go:build !linux

package testkit

const unreadRequest = 0x4004667f // FIONREAD, which the unix package lacks for the BSDs
