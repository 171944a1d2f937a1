package local

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"

	provider "github.com/pulumi/pulumi-go-provider"
)

// run starts one process, shows its lines as Logging asks, waits for its end, and returns what it printed.
//
// A process that ends with another code than 0 is an error whose text holds the command and all its output: a command
// must print no secret and have none in its text.
func run(
	ctx context.Context, command string, inputs ProcessInputs, previous ProcessOutputs,
) (ProcessOutputs, error) {
	arguments := append(interpreter(inputs), command)
	process := exec.CommandContext(ctx, arguments[0], arguments[1:]...)
	process.Env = environment(inputs, previous)
	if inputs.Dir != nil {
		process.Dir = *inputs.Dir
	}
	if inputs.Stdin != nil && *inputs.Stdin != "" {
		process.Stdin = strings.NewReader(*inputs.Stdin)
	}

	var standardOutput, standardError bytes.Buffer
	both := &lockedBuffer{}
	shown := startShowing(provider.GetLogger(ctx).InfoStatus)
	process.Stdout = tee(&standardOutput, both, shown, inputs.Logging.showsStandardOutput())
	process.Stderr = tee(&standardError, both, shown, inputs.Logging.showsStandardError())

	err := process.Run()
	shown.close()
	if err != nil {
		return previous, fmt.Errorf("%w: running %q:\n%s", err, command, both.String())
	}
	return ProcessOutputs{
		Stdout: strings.TrimSuffix(standardOutput.String(), "\n"),
		Stderr: strings.TrimSuffix(standardError.String(), "\n"),
	}, nil
}

func interpreter(inputs ProcessInputs) []string {
	switch {
	case inputs.Interpreter != nil && len(*inputs.Interpreter) > 0:
		return append([]string(nil), *inputs.Interpreter...)
	case runtime.GOOS == "windows":
		return []string{"cmd", "/C"}
	default:
		return []string{"/bin/sh", "-c"}
	}
}

// environment is the engine's own, then the inputs', then the previous outputs: later entries win.
func environment(inputs ProcessInputs, previous ProcessOutputs) []string {
	variables := os.Environ()
	if inputs.Environment != nil {
		for name, value := range *inputs.Environment {
			variables = append(variables, name+"="+value)
		}
	}
	if inputs.AddPreviousOutputInEnv == nil || *inputs.AddPreviousOutputInEnv {
		if previous.Stdout != "" {
			variables = append(variables, "PULUMI_COMMAND_STDOUT="+previous.Stdout)
		}
		if previous.Stderr != "" {
			variables = append(variables, "PULUMI_COMMAND_STDERR="+previous.Stderr)
		}
	}
	return variables
}

func tee(own *bytes.Buffer, both *lockedBuffer, shown *showing, show bool) io.Writer {
	if show {
		return io.MultiWriter(own, both, shown)
	}
	return io.MultiWriter(own, both)
}

func refuseUnsupported(inputs ProcessInputs) error {
	var refused []error
	if inputs.AssetPaths != nil {
		refused = append(refused, errors.New(refusal("assetPaths")))
	}
	if inputs.ArchivePaths != nil {
		refused = append(refused, errors.New(refusal("archivePaths")))
	}
	return errors.Join(refused...)
}

// lockedBuffer collects both streams in the order in which they come.
type lockedBuffer struct {
	lock   sync.Mutex
	buffer bytes.Buffer
}

func (l *lockedBuffer) Write(data []byte) (int, error) {
	l.lock.Lock()
	defer l.lock.Unlock()
	return l.buffer.Write(data)
}

func (l *lockedBuffer) String() string {
	l.lock.Lock()
	defer l.lock.Unlock()
	return l.buffer.String()
}

// showing hands complete lines to the engine while the process runs.
type showing struct {
	*io.PipeWriter
	done chan struct{}
}

func startShowing(show func(string)) *showing {
	reader, writer := io.Pipe()
	s := &showing{PipeWriter: writer, done: make(chan struct{})}
	go func() {
		defer close(s.done)
		lines := bufio.NewReader(reader) // a Scanner gives up on a line above 64 KiB, and the process would hang
		for {
			line, err := lines.ReadString('\n')
			if text := strings.TrimRight(line, "\r\n"); text != "" || err == nil {
				show(text)
			}
			if err != nil {
				return
			}
		}
	}()
	return s
}

// close waits until the last line has been shown, so that none comes after the resource's end.
func (s *showing) close() {
	s.PipeWriter.Close()
	<-s.done
}
