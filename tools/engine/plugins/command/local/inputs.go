package local

import (
	"fmt"

	provider "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// Logging says which of a command's two streams are shown while it runs. Both are kept as outputs in any case.
type Logging string

// The four values of pulumi-command's enumeration.
const (
	LogStandardOutput Logging = "stdout"
	LogStandardError  Logging = "stderr"
	LogBoth           Logging = "stdoutAndStderr"
	LogNothing        Logging = "none"
)

// Values lists the enumeration for the plug-in's schema.
func (Logging) Values() []infer.EnumValue[Logging] {
	return []infer.EnumValue[Logging]{
		{Name: "stdout", Value: LogStandardOutput, Description: "Show standard output only"},
		{Name: "stderr", Value: LogStandardError, Description: "Show standard error only"},
		{Name: "stdoutAndStderr", Value: LogBoth, Description: "Show both; the same as no value"},
		{Name: "none", Value: LogNothing, Description: "Show nothing"},
	}
}

func (l *Logging) showsStandardOutput() bool {
	return l == nil || *l == LogStandardOutput || *l == LogBoth
}

func (l *Logging) showsStandardError() bool {
	return l == nil || *l == LogStandardError || *l == LogBoth
}

// ProcessInputs say how a process is started; Command and Run share them.
type ProcessInputs struct {
	Interpreter            *[]string          `pulumi:"interpreter,optional"`
	Dir                    *string            `pulumi:"dir,optional"`
	Environment            *map[string]string `pulumi:"environment,optional"`
	Stdin                  *string            `pulumi:"stdin,optional"`
	Logging                *Logging           `pulumi:"logging,optional"`
	AssetPaths             *[]string          `pulumi:"assetPaths,optional"`
	ArchivePaths           *[]string          `pulumi:"archivePaths,optional"`
	AddPreviousOutputInEnv *bool              `pulumi:"addPreviousOutputInEnv,optional"`
}

// Annotate gives the plug-in's schema its descriptions and its one default.
func (p *ProcessInputs) Annotate(a infer.Annotator) {
	a.Describe(&p.Interpreter, `What runs the command's text; [/bin/sh, -c] if not given ([cmd, /C] on Windows).`)
	a.Describe(&p.Dir, "The folder to run in; the program's own if not given.")
	a.Describe(&p.Environment, "Environment variables beside those of the engine's own process.")
	a.Describe(&p.Stdin, "What the process reads on standard input.")
	a.Describe(&p.Logging, "Which streams are shown while the process runs; both if not given.")
	a.Describe(&p.AssetPaths, "Not supported by this stand-in.")
	a.Describe(&p.ArchivePaths, "Not supported by this stand-in.")
	a.Describe(&p.AddPreviousOutputInEnv,
		"Whether PULUMI_COMMAND_STDOUT and PULUMI_COMMAND_STDERR carry the outputs of the run before.")
	a.SetDefault(&p.AddPreviousOutputInEnv, true)
}

// ProcessOutputs are what a process printed, each without its last line break.
type ProcessOutputs struct {
	Stdout string `pulumi:"stdout"`
	Stderr string `pulumi:"stderr"`
}

// Annotate gives the plug-in's schema its descriptions.
func (p *ProcessOutputs) Annotate(a infer.Annotator) {
	a.Describe(&p.Stdout, "What the process wrote on standard output.")
	a.Describe(&p.Stderr, "What the process wrote on standard error.")
}

// unsupported names the inputs of the official plug-in that this one would silently do nothing with.
func unsupported(inputs property.Map) []provider.CheckFailure {
	var failures []provider.CheckFailure
	for _, name := range []string{"assetPaths", "archivePaths"} {
		if value, given := inputs.GetOk(name); given && !value.IsNull() {
			failures = append(failures, provider.CheckFailure{Property: name, Reason: refusal(name)})
		}
	}
	return failures
}

func refusal(name string) string {
	return fmt.Sprintf("%s is not supported by the command plug-in that was built from tools/: it would collect no "+
		"file. Use the official Pulumi and its plug-in (tools/README.md says how).", name)
}
