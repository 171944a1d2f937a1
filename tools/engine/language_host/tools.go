//go:build tools

// Package host pins the language host's main package in go.mod; nothing is built from this file.
package host

import _ "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python"
