//go:build tools

// Package actionlint pins the checker of GitHub's workflow files in go.mod; nothing is built from this file.
package actionlint

import _ "github.com/rhysd/actionlint/cmd/actionlint"
