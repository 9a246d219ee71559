//go:build tools

// Package tools names what the testbed builds, so that go mod tidy keeps it.
package tools

import _ "sigs.k8s.io/kwok/cmd/kwok"
