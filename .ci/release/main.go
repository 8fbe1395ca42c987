// Command release has goreleaser's own parser read .goreleaser.yaml, as strictly as a
// release would, and holds what every release must be. It is a module of its own, since
// goreleaser brings many others.
//
//	cd .ci/release && go run . ../../.goreleaser.yaml
package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/goreleaser/goreleaser/v2/pkg/config"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: release FILE")
		os.Exit(2)
	}
	project, err := config.Load(os.Args[1])
	if err != nil {
		fmt.Fprintf(os.Stderr, "release: %s cannot be read: %v\n", os.Args[1], err)
		os.Exit(1)
	}
	faults := check(project)
	for _, f := range faults {
		fmt.Fprintf(os.Stderr, "release: %s: %s\n", os.Args[1], f)
	}
	if len(faults) > 0 {
		os.Exit(1)
	}
	fmt.Printf("%s: six systems, reproducible, listed, summed, signed\n", os.Args[1])
}

// check returns what a release would lack.
func check(p config.Project) (faults []string) {
	need := func(ok bool, what string) {
		if !ok {
			faults = append(faults, what)
		}
	}
	need(p.Version == 2, "version is not 2")
	need(len(p.Builds) == 1, "there is not one build")
	for _, b := range p.Builds {
		for _, os := range []string{"linux", "darwin", "windows"} {
			need(slices.Contains(b.Goos, os), "no build for "+os)
		}
		for _, arch := range []string{"amd64", "arm64"} {
			need(slices.Contains(b.Goarch, arch), "no build for "+arch)
		}
		need(slices.Contains(b.Env, "CGO_ENABLED=0"), "cgo is on")
		need(slices.Contains(b.Flags, "-trimpath"), "paths of the builder are in the program")
		need(strings.Contains(b.ModTimestamp, "CommitTimestamp"), "times are those of the build, not of the commit")
		need(strings.Contains(strings.Join(b.Ldflags, " "), "cmd.version="), "the version is not set")
	}
	need(len(p.SBOMs) > 0, "what is in it is not listed")
	need(p.Checksum.Algorithm == "sha256", "sums are not SHA-256")
	need(len(p.Signs) > 0, "nothing is signed")
	need(len(p.Casks) > 0, "nothing for Homebrew")
	for _, format := range []string{"deb", "rpm", "apk"} {
		need(slices.ContainsFunc(p.NFPMs, func(n config.NFPM) bool { return slices.Contains(n.Formats, format) }), "no package "+format)
	}
	return faults
}
