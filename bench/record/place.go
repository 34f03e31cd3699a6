package record

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// partialPrefix begins the folder that a run is written into before it gets its name.
const partialPrefix = ".partial-"

// place writes the files into a folder of their own and renames it to the first free name.
func (r *Run) place(files map[string][]byte) (string, error) {
	suite := filepath.Join(r.root, r.manifest.Suite)
	if err := os.MkdirAll(suite, 0o755); err != nil {
		return "", err
	}
	if err := r.placeSystem(); err != nil {
		return "", err
	}
	partial, err := os.MkdirTemp(suite, partialPrefix)
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(partial)
	if err := os.Chmod(partial, 0o755); err != nil {
		return "", err
	}
	for name, content := range files {
		if err := writeSynced(filepath.Join(partial, name), content); err != nil {
			return "", err
		}
	}
	base := RunID(r.manifest.Started, r.manifest.Commit, r.manifest.System)
	for attempt := 1; ; attempt++ {
		r.manifest.RunID = base
		if attempt > 1 { // another run began in the same second
			r.manifest.RunID += "-" + strconv.Itoa(attempt)
		}
		manifest, err := jsonFile(r.manifest)
		if err != nil {
			return "", err
		}
		if err := writeSynced(filepath.Join(partial, ManifestFile), manifest); err != nil {
			return "", err
		}
		dir := filepath.Join(suite, r.manifest.RunID)
		if err := os.Rename(partial, dir); !errors.Is(err, fs.ErrExist) {
			return dir, err
		}
	}
}

// RunID is the name of the folder of a run, unless another one has it.
func RunID(started time.Time, commit, system string) string {
	return started.Format("20060102T150405Z") + "-" + commit[:min(7, len(commit))] + "-" + system
}

// placeSystem writes the description of the machine, unless it is there.
func (r *Run) placeSystem() error {
	folder := filepath.Join(r.root, "systems")
	path := filepath.Join(folder, r.system.ID+".json")
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	b, err := jsonFile(r.system)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(folder, partialPrefix)
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(b)
	if err := errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

func writeSynced(path string, content []byte) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Sync(), f.Close())
}
