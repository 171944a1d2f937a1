// The launcher stands in binFolder under the name that the engine starts, pulumi-language-python, and hands over to
// the language host beside it, built from the last release of the Pulumi SDK that holds one.
//
// It owns one thing: that host takes the virtual environment as an argument, while today's engine tells it in a
// request that the host does not know. So the launcher reads runtime.options.virtualenv of the project's Pulumi.yaml
// and adds the arguments. A project without that option gets the python3 of the PATH, as with the official host.
// It refuses to choose an environment by itself, or to look at any other option.
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"gopkg.in/yaml.v3"
)

// hostName is the file beside the launcher that does the work.
const hostName = "pulumi-language-python-host"

var projectFiles = []string{"Pulumi.yaml", "Pulumi.yml", "Pulumi.json"} // JSON is YAML

// project is the part of a project file that matters here. `runtime` is a name or a mapping.
type project struct {
	Runtime yaml.Node `yaml:"runtime"`
}

type runtime struct {
	Options struct {
		VirtualEnvironment string `yaml:"virtualenv"`
	} `yaml:"options"`
}

func main() {
	if err := handOver(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "The Python language host could not be started:", err)
		os.Exit(1)
	}
}

// handOver replaces this process by the host; it returns only when that fails.
func handOver(arguments []string) error {
	launcher, err := os.Executable()
	if err != nil {
		return err
	}
	folder, err := os.Getwd()
	if err != nil {
		return err
	}
	added, err := hostArguments(folder)
	if err != nil {
		return err
	}
	host := filepath.Join(filepath.Dir(launcher), hostName)
	command := append([]string{host}, added...)
	return syscall.Exec(host, append(command, arguments...), os.Environ())
}

// hostArguments are what the host must be told about the project that folder lies in: nothing outside of a project,
// and nothing when the project names no virtual environment.
func hostArguments(folder string) ([]string, error) {
	file, err := projectFile(folder)
	if err != nil || file == "" {
		return nil, err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	environment, err := virtualEnvironment(text)
	if err != nil || environment == "" {
		return nil, err
	}
	return []string{"-root", filepath.Dir(file), "-virtualenv", environment}, nil
}

// projectFile is the nearest project file in folder or above it, or nothing.
func projectFile(folder string) (string, error) {
	for {
		for _, name := range projectFiles {
			candidate := filepath.Join(folder, name)
			_, err := os.Stat(candidate)
			if err == nil {
				return candidate, nil
			}
			if !errors.Is(err, fs.ErrNotExist) {
				return "", err
			}
		}
		parent := filepath.Dir(folder)
		if parent == folder {
			return "", nil
		}
		folder = parent
	}
}

func virtualEnvironment(text []byte) (string, error) {
	var parsed project
	if err := yaml.Unmarshal(text, &parsed); err != nil {
		return "", err
	}
	if parsed.Runtime.Kind != yaml.MappingNode {
		return "", nil
	}
	var options runtime
	if err := parsed.Runtime.Decode(&options); err != nil {
		return "", err
	}
	return options.Options.VirtualEnvironment, nil
}
