//go:build tools

// Package cli pins the command line's main package in go.mod; nothing is built from this file.
package cli

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
