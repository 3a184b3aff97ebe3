package config

// StateDirShared is StateDir with another folder that a group may share.
var StateDirShared = stateDir
