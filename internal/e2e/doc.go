// Package e2e tests the whole: the program as it is shipped, in a terminal,
// on a real demo world. It holds tests only. They press keys and read the
// screen as a person does, and check by other means what became of the world;
// they must know nothing of the inside of the program but what scores a drill:
// every fault is met as one.
package e2e
