//go:build runners

package release

import (
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/made"
)

// Without more words, a release is for all platforms: each program is of its platform, and the image for those of
// Linux. They aren't run.
func TestReleaseForAll(t *testing.T) {
	clone := made.Clone(t)
	inFolder(t, clone, []string{"MAKEFLAGS=", "MAKELEVEL="}, "make", "release")
	dist := filepath.Join(clone, "dist")
	for arch, machine := range map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64} {
		program, err := elf.Open(filepath.Join(dist, "outrigger-linux-"+arch))
		require.NoError(t, err)
		require.Equal(t, machine, program.Machine)
		checkStatic(t, filepath.Join(dist, "outrigger-linux-"+arch))
	}
	for arch, cpu := range map[string]macho.Cpu{"amd64": macho.CpuAmd64, "arm64": macho.CpuArm64} {
		program, err := macho.Open(filepath.Join(dist, "outrigger-darwin-"+arch))
		require.NoError(t, err)
		require.Equal(t, cpu, program.Cpu)
	}
	for arch, machine := range map[string]uint16{
		"amd64": pe.IMAGE_FILE_MACHINE_AMD64, "arm64": pe.IMAGE_FILE_MACHINE_ARM64} {
		program, err := pe.Open(filepath.Join(dist, "outrigger-windows-"+arch+".exe"))
		require.NoError(t, err)
		require.Equal(t, machine, program.Machine)
	}
	all := readAll(t, dist)
	checkSums(t, all)
	require.Equal(t, []string{"linux/amd64", "linux/arm64"}, readIndex(t, all))
	for _, name := range []string{"linux-amd64", "linux-arm64", "darwin-amd64", "darwin-arm64", "windows-amd64",
		"windows-arm64"} {
		checkBOM(t, all["outrigger-"+name+".cdx.json"])
	}
}
