package runbook

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

//go:embed books/*.md
var shipped embed.FS

// Library is the books that can be opened: the shipped ones, and a team's own
// over those of the same name.
type Library struct {
	Books  []Book           // in order of their ids
	Broken map[string]error // files that could not be read as books, by path; the rest work
}

// Shipped are the books that come with the program. An error is a fault of
// ours, which tests find.
func Shipped() ([]Book, error) { return newVocabulary().shipped() }

func (v vocabulary) shipped() ([]Book, error) {
	names, err := fs.Glob(shipped, "books/*.md")
	if err != nil {
		return nil, err
	}
	var books []Book
	var errs []error
	for _, name := range names {
		text, err := shipped.ReadFile(name)
		if err != nil {
			return nil, err
		}
		b, err := v.book(path.Base(name), text)
		books, errs = append(books, b), append(errs, err)
	}
	return books, errors.Join(errs...)
}

// bookMax is the most bytes of a book that are read.
const bookMax = 1 << 20

// Open reads the shipped books and those of a folder, which may be "" or not
// there. A book that cannot be read, or names what there is not, is listed as
// broken.
func Open(dir string, k Known) (Library, error) {
	words := newVocabulary()
	books, err := words.shipped()
	if err != nil {
		return Library{}, err
	}
	lib := Library{Books: books, Broken: map[string]error{}}
	if dir == "" {
		return lib, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return lib, fmt.Errorf("look for runbooks: %w", err)
	}
	for _, entry := range entries {
		name := filepath.Join(dir, entry.Name())
		if filepath.Ext(name) != ".md" {
			continue
		}
		b, err := words.read(name)
		if err == nil {
			err = words.faults(b, k)
		}
		if err != nil {
			lib.Broken[name] = err
			continue
		}
		lib.add(b)
	}
	return lib, nil
}

func (v vocabulary) read(name string) (Book, error) {
	info, err := os.Stat(name)
	if err != nil {
		return Book{}, err
	}
	switch {
	case !info.Mode().IsRegular():
		return Book{}, fmt.Errorf("%s: it is no file", name)
	case info.Mode().Perm()&0o002 != 0:
		return Book{}, fmt.Errorf("%s: anybody may write it: chmod o-w %s", name, name)
	case info.Size() > bookMax:
		return Book{}, fmt.Errorf("%s: larger than %d KiB", name, bookMax>>10)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return Book{}, err
	}
	b, err := v.book(name, text)
	b.Path = name
	return b, err
}

// add puts a book in the place of its namesake, or among the others.
func (l *Library) add(b Book) {
	i, found := slices.BinarySearchFunc(l.Books, b.ID, func(x Book, id string) int { return strings.Compare(x.ID, id) })
	if found {
		l.Books[i] = b
		return
	}
	l.Books = slices.Insert(l.Books, i, b)
}

// Find gives a book by its id.
func (l Library) Find(id string) (Book, bool) {
	i := slices.IndexFunc(l.Books, func(b Book) bool { return b.ID == id })
	if i < 0 {
		return Book{}, false
	}
	return l.Books[i], true
}

// For lists the books that a rule or metric leads to: that of the rule first.
func (l Library) For(rule, metric, own string) []Book {
	var out []Book
	if b, ok := l.Find(own); ok {
		out = append(out, b)
	}
	for _, b := range l.Books {
		if b.ID != own && (slices.Contains(b.Triggers, rule) || slices.Contains(b.Triggers, metric)) {
			out = append(out, b)
		}
	}
	return out
}
