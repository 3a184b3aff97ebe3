package demo

import (
	"errors"
	"os"
	"path/filepath"
	"sync"

	"tocsin/internal/local"
)

// site is a world's place on disk: a folder for its servers and its secrets,
// which goes with the world, and its record in the registry.
type site struct {
	registry *registry
	folder   string

	mu     sync.Mutex
	record record
}

// newSite makes the folder, and notes it before anything is started in it.
func newSite(r *registry) (*site, error) {
	self, err := local.Identify(os.Getpid(), filepath.Base(os.Args[0]))
	if err != nil {
		return nil, err
	}
	folder, err := local.MkdirTemp(folderPrefix)
	if err != nil {
		return nil, err
	}
	s := &site{registry: r, folder: folder, record: record{World: self, Folder: folder}}
	if err := errors.Join(os.Mkdir(s.private(""), 0o700), r.write(s.record)); err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	return s, nil
}

// private is the path of a file that only we may read.
func (s *site) private(name string) string { return filepath.Join(s.folder, "private", name) }

// enlist notes a server, so that it can be ended should we be killed.
func (s *site) enlist(pid int, command string) error {
	id, err := local.Identify(pid, command)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.record.Servers = append(s.record.Servers, id)
	return s.registry.write(s.record)
}

func (s *site) remove() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(os.RemoveAll(s.folder), s.registry.remove(s.record))
}
