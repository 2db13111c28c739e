// Package directive lets kyaml read texts of YAML 1.2.
package directive

import "strings"

// OtherVersion is what is wrong with a text where the reader refuses its version.
const OtherVersion = "has a %YAML directive of a version other than 1.1 and 1.2"

// RefusesVersion reports whether an error of kyaml's reader is about the version of a text.
func RefusesVersion(message string) bool {
	return strings.HasSuffix(message, "found incompatible YAML document")
}

const bom = "\ufeff" // may stand before the first line

// LowerVersions writes %YAML 1.1 for 1.2 where a directive stands in front of a document: the reader refuses the later
// version, although it reads most of what that has. No other byte changes, nor a place.
func LowerVersions(text string) string {
	if !strings.Contains(text, "%YAML") {
		return text
	}
	lines := strings.SplitAfter(text, "\n")
	for i, line := range lines {
		if at := findVersion(line); at > 0 && strings.HasPrefix(line[at:], "1.2") && leadsToDocument(lines[i+1:]) {
			lines[i] = line[:at] + "1.1" + line[at+3:]
		}
	}
	return strings.Join(lines, "")
}

// findVersion returns where the version of a directive %YAML begins; 0 if the line has none.
func findVersion(line string) int {
	rest, found := strings.CutPrefix(strings.TrimPrefix(line, bom), "%YAML")
	version := strings.TrimLeft(rest, " \t")
	if !found || version == rest {
		return 0
	}
	return len(line) - len(version)
}

// leadsToDocument reports whether lines begin with the start of a document, perhaps behind comments and directives.
func leadsToDocument(lines []string) bool {
	for _, line := range lines {
		if strings.TrimSpace(line) != "" && line[0] != '%' && line[0] != '#' {
			return strings.HasPrefix(line, "---")
		}
	}
	return false
}
