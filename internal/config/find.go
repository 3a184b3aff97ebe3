package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/adrg/xdg"

	"tocsin/internal/strict"
)

// EnvPath names the environment variable that holds the path of the file.
const EnvPath = "TOCSIN_CONFIG"

// stateGroup is the state folder that the people of one machine share, where
// the administrator made it for their group.
const stateGroup = "/var/lib/tocsin"

// NotFoundError says that there is no configuration anywhere.
type NotFoundError struct {
	Looked []string // paths, in the order in which they were tried
	Write  string   // the file to write
}

// Error names the file to write.
func (e *NotFoundError) Error() string { return "no configuration: write " + e.Write }

// Paths lists where the file is looked for when nobody names it.
func Paths() []string {
	var out []string
	for _, dir := range append(append([]string{xdg.ConfigHome}, xdg.ConfigDirs...), "/etc") {
		out = append(out, filepath.Join(dir, "tocsin", "config.yaml"), filepath.Join(dir, "tocsin", "config.yml"))
	}
	return out
}

// Find gives the path of the file: the one named by the flag (may be ""), else
// by $TOCSIN_CONFIG, else the first of Paths that exists, else *NotFoundError.
func Find(flag string) (string, error) {
	for _, named := range []string{flag, os.Getenv(EnvPath)} {
		if named != "" {
			path, err := filepath.Abs(home(named))
			if err != nil {
				return "", fmt.Errorf("configuration %s: %w", named, err)
			}
			return path, nil
		}
	}
	paths := Paths()
	for _, path := range paths {
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", &NotFoundError{Looked: paths, Write: paths[0]}
}

// File is a configuration file that was read but not validated.
type File struct {
	Path   string
	Config Config
	doc    *strict.Doc
}

// Read reads the file at a path. It is refused when anybody may write it: it
// names commands to run.
func Read(path string) (File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return File{}, fmt.Errorf("configuration: %w", err)
	}
	if info.Mode().Perm()&0o002 != 0 {
		return File{}, fmt.Errorf("configuration %s: anybody may write it: chmod o-w %s", path, path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return File{}, fmt.Errorf("configuration: %w", err)
	}
	return Parse(path, data)
}

// Parse takes the text of a file; relative paths in it begin where it lies.
func Parse(path string, data []byte) (File, error) {
	doc, err := strict.Parse(path, data)
	if err != nil {
		return File{}, err
	}
	f := File{Path: path, doc: doc}
	return f, doc.Decode(&f.Config)
}

// Load finds, reads and validates the file; flag may be "".
func Load(flag string) (Valid, error) {
	path, err := Find(flag)
	if err != nil {
		return Valid{}, err
	}
	file, err := Read(path)
	if err != nil {
		return Valid{}, err
	}
	return file.Validate()
}

// StateDir gives the folder for the state, which need not be there yet: the
// configured one, else the shared one where its group may write and so may we,
// else a private one.
func (v Valid) StateDir() string { return stateDir(v.State, stateGroup) }

func stateDir(configured, shared string) string {
	switch {
	case configured != "":
		return configured
	case sharedState(shared):
		return shared
	default:
		return filepath.Join(xdg.StateHome, "tocsin")
	}
}

// sharedState tells whether a folder was made for a group and we may write there.
func sharedState(dir string) bool {
	info, err := os.Stat(dir)
	return err == nil && info.IsDir() && info.Mode().Perm()&0o020 != 0 && writable(dir)
}

// home replaces a leading ~ by the home folder.
func home(path string) string {
	if rest, ok := strings.CutPrefix(path, "~"); ok && (rest == "" || rest[0] == '/') {
		return xdg.Home + rest
	}
	return path
}

// absolute resolves a path of a file: ~ is the home folder, and what is
// relative begins in the folder of the file.
func (f File) absolute(path string) string {
	if path = home(path); path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(f.Path), path)
}

func missing(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist)
}
