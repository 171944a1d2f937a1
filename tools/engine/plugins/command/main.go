// The command plug-in: it stands in for pulumi-command 1.2.1 where the official plug-in cannot be downloaded.
//
// It owns one resource, command:local:Command, and one function, command:local:run, which behave as the official
// ones do (tests/engine holds that). It refuses by name what it does not have: assetPaths and archivePaths, and every
// remote command.
package main

import (
	"context"
	"fmt"
	"os"

	provider "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"

	"roomz.local/engine/plugins/command/local"
)

// version is the release of pulumi-command whose place this plug-in takes; the build sets it.
var version = "0.0.0"

func main() {
	built, err := infer.NewProviderBuilder().
		WithDisplayName("Command").
		WithDescription("Runs commands on this machine as part of a Pulumi program.").
		WithResources(infer.Resource(&local.Command{})).
		WithFunctions(infer.Function(&local.Run{})).
		Build()
	if err == nil {
		err = provider.RunProvider(context.Background(), "command", version, built)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "The command plug-in could not be started:", err)
		os.Exit(1)
	}
}
