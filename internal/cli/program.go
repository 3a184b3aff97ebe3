package cli

import "os"

// hostname is the name of this machine; "" where it has none.
func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	return name
}
