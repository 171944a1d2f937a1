// Package local runs commands on this machine, for a resource and for a function.
package local

import (
	"context"

	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Command is the resource command:local:Command.
//
// A failed create or update leaves the state as it was.
type Command struct{}

// CommandInputs are what a program gives. A change of triggers replaces the resource; any other change updates it.
type CommandInputs struct {
	Triggers *[]any  `pulumi:"triggers,optional" provider:"replaceOnChanges"`
	Create   *string `pulumi:"create,optional"`
	Update   *string `pulumi:"update,optional"`
	Delete   *string `pulumi:"delete,optional"`
	ProcessInputs
}

// CommandOutputs are what the state keeps: the inputs too, since delete runs with the stored ones.
type CommandOutputs struct {
	CommandInputs
	ProcessOutputs
}

// Annotate gives the plug-in's schema its descriptions.
func (c *CommandInputs) Annotate(a infer.Annotator) {
	a.Describe(&c.Triggers, "A change of any of these values replaces the resource.")
	a.Describe(&c.Create, "The command to run on create; none runs if not given.")
	a.Describe(&c.Update, "The command to run on update; create runs again if not given.")
	a.Describe(&c.Delete, "The command to run on delete, with the inputs of the last create or update.")
}

// Check refuses what this stand-in does not have, and decodes the rest.
func (*Command) Check(
	ctx context.Context, request infer.CheckRequest,
) (infer.CheckResponse[CommandInputs], error) {
	inputs, failures, err := infer.DefaultCheck[CommandInputs](ctx, request.NewInputs)
	return infer.CheckResponse[CommandInputs]{
		Inputs:   inputs,
		Failures: append(failures, unsupported(request.NewInputs)...),
	}, err
}

// WireDependencies says that every output may hold something of every input, so that one secret input makes all outputs
// secret. (Infer's own default would look at inputs of the same name only.)
func (*Command) WireDependencies(f infer.FieldSelector, inputs *CommandInputs, outputs *CommandOutputs) {
	f.OutputField(outputs).DependsOn(f.InputField(inputs).Secret())
}

// Create runs the create command, if there is one.
func (*Command) Create(
	ctx context.Context, request infer.CreateRequest[CommandInputs],
) (infer.CreateResponse[CommandOutputs], error) {
	outputs := CommandOutputs{CommandInputs: request.Inputs}
	id, err := resource.NewUniqueHex(request.Name, 8, 0)
	if err == nil && !request.DryRun && request.Inputs.Create != nil {
		outputs.ProcessOutputs, err = run(ctx, *request.Inputs.Create, request.Inputs.ProcessInputs, ProcessOutputs{})
	}
	return infer.CreateResponse[CommandOutputs]{ID: id, Output: outputs}, err
}

// Update runs the update command, else the create command; with neither it only stores the new inputs.
func (*Command) Update(
	ctx context.Context, request infer.UpdateRequest[CommandInputs, CommandOutputs],
) (infer.UpdateResponse[CommandOutputs], error) {
	outputs := CommandOutputs{CommandInputs: request.Inputs, ProcessOutputs: request.State.ProcessOutputs}
	command := request.Inputs.Update
	if command == nil {
		command = request.Inputs.Create
	}
	var err error
	if command != nil && !request.DryRun {
		outputs.ProcessOutputs, err = run(ctx, *command, request.Inputs.ProcessInputs, request.State.ProcessOutputs)
	}
	return infer.UpdateResponse[CommandOutputs]{Output: outputs}, err
}

// Delete runs the stored delete command, if there is one, with the stored inputs.
func (*Command) Delete(
	ctx context.Context, request infer.DeleteRequest[CommandOutputs],
) (infer.DeleteResponse, error) {
	if request.State.Delete == nil {
		return infer.DeleteResponse{}, nil
	}
	_, err := run(ctx, *request.State.Delete, request.State.ProcessInputs, request.State.ProcessOutputs)
	return infer.DeleteResponse{}, err
}

// Run is the function command:local:run: it runs its command in every preview and every update.
type Run struct{}

// RunInputs are what a program gives.
type RunInputs struct {
	ProcessInputs
	Command string `pulumi:"command"`
}

// RunOutputs are what the program gets: its own inputs and what the process printed.
type RunOutputs struct {
	RunInputs
	ProcessOutputs
}

// Annotate gives the plug-in's schema its descriptions.
func (r *RunInputs) Annotate(a infer.Annotator) {
	a.Describe(&r.Command, "The command to run.")
}

// Invoke runs the command.
func (*Run) Invoke(
	ctx context.Context, request infer.FunctionRequest[RunInputs],
) (infer.FunctionResponse[RunOutputs], error) {
	outputs := RunOutputs{RunInputs: request.Input}
	err := refuseUnsupported(request.Input.ProcessInputs)
	if err == nil {
		outputs.ProcessOutputs, err = run(ctx, request.Input.Command, request.Input.ProcessInputs, ProcessOutputs{})
	}
	return infer.FunctionResponse[RunOutputs]{Output: outputs}, err
}
