package report

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A Format is how findings are written.
type Format string

const (
	Text   Format = "text"   // for people, on a terminal
	JSON   Format = "json"   // a list of objects
	SARIF  Format = "sarif"  // SARIF 2.1.0, which code scanning reads
	GitHub Format = "github" // annotations of GitHub's workflows
)

// Formats are all values of Format.
var Formats = []string{string(Text), string(JSON), string(SARIF), string(GitHub)}

// FormatFindings writes findings in a format for programs. version is that of outrigger.
func FormatFindings(fs sidecar.Findings, format Format, version string) string {
	switch format {
	case SARIF:
		return encode(newSARIF(fs, version))
	case GitHub:
		return formatAnnotations(fs)
	}
	all := make([]jsonFinding, len(fs))
	for i, f := range fs {
		all[i] = jsonFinding{Severity: f.Severity, Code: f.Code, Message: sidecar.OneLine(f.Message),
			Hint: sidecar.OneLine(f.Hint), Sidecar: f.Sidecar, Document: f.Document, Field: f.Field, File: f.File, Line: f.Line}
		if f.Object != (sidecar.Ref{}) {
			all[i].Object = &jsonObject{f.Object.Group, f.Object.Kind, f.Object.Namespace, f.Object.Name}
		}
	}
	return encode(all)
}

// jsonFinding is a finding in JSON.
type jsonFinding struct {
	Severity sidecar.Severity `json:"severity"`
	Code     string           `json:"code"`
	Message  string           `json:"message"`
	Hint     string           `json:"hint,omitempty"`
	Object   *jsonObject      `json:"object,omitempty"`
	Sidecar  string           `json:"sidecar,omitempty"`
	Document string           `json:"document,omitempty"`
	Field    string           `json:"field,omitempty"`
	File     string           `json:"file,omitempty"`
	Line     int              `json:"line,omitempty"`
}

type jsonObject struct {
	Group     string `json:"group,omitempty"`
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
}

// encode writes indented JSON.
func encode(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	_ = e.Encode(v) // structs of strings and numbers can be encoded
	return b.String()
}

// formatAnnotations writes findings as commands of GitHub's workflows, each on one line.
func formatAnnotations(fs sidecar.Findings) string {
	var b strings.Builder
	text := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	for _, f := range fs {
		var properties []string
		if f.File != "" {
			properties = append(properties, "file="+property.Replace(f.File))
			if f.Line > 0 {
				properties = append(properties, fmt.Sprintf("line=%d", f.Line))
			}
		}
		properties = append(properties, "title="+property.Replace(f.Code))
		kind := string(f.Severity)
		if f.Severity == sidecar.Info {
			kind = "notice"
		}
		fmt.Fprintf(&b, "::%s %s::%s\n", kind, strings.Join(properties, ","), text.Replace(describeFinding(f)))
	}
	return b.String()
}

// describeFinding is a finding without its file and code.
func describeFinding(f sidecar.Finding) string {
	f.File, f.Line = "", 0
	return f.String()
}

// The parts of SARIF 2.1.0 that are written.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool struct {
			Driver sarifDriver `json:"driver"`
		} `json:"tool"`
		Results []sarifResult `json:"results"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version,omitempty"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID string `json:"id"`
	}
	sarifResult struct {
		RuleID    string            `json:"ruleId"`
		Level     string            `json:"level"`
		Message   sarifText         `json:"message"`
		Locations []sarifLocation   `json:"locations,omitempty"`
		More      map[string]string `json:"properties,omitempty"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifLocation struct {
		Physical *sarifPhysical `json:"physicalLocation,omitempty"`
		Logical  []sarifLogical `json:"logicalLocations,omitempty"`
	}
	sarifPhysical struct {
		Artifact struct {
			URI string `json:"uri"`
		} `json:"artifactLocation"`
		Region *sarifRegion `json:"region,omitempty"`
	}
	sarifRegion struct {
		StartLine int `json:"startLine"`
	}
	sarifLogical struct {
		Name string `json:"fullyQualifiedName"`
	}
)

// sarifSchema is the id of the schema.
const sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

// sarifLevels are the levels of SARIF by severity.
var sarifLevels = map[sidecar.Severity]string{sidecar.Error: "error", sidecar.Warning: "warning", sidecar.Info: "note"}

func newSARIF(fs sidecar.Findings, version string) sarifLog {
	run := sarifRun{Results: []sarifResult{}}
	run.Tool.Driver = sarifDriver{Name: "outrigger", Version: version, Rules: []sarifRule{}}
	for _, f := range fs {
		rule := sarifRule{cmp.Or(f.Code, IO)}
		if !slices.Contains(run.Tool.Driver.Rules, rule) {
			run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, rule)
		}
		run.Results = append(run.Results, newSARIFResult(f, rule.ID))
	}
	return sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{run}}
}

func newSARIFResult(f sidecar.Finding, rule string) sarifResult {
	result := sarifResult{RuleID: rule, Level: sarifLevels[f.Severity], Message: sarifText{describeFinding(f)}}
	var at sarifLocation
	if f.File != "" {
		at.Physical = &sarifPhysical{}
		at.Physical.Artifact.URI = fileURI(f.File)
		if f.Line > 0 {
			at.Physical.Region = &sarifRegion{f.Line}
		}
	}
	if f.Object != (sidecar.Ref{}) {
		at.Logical = []sarifLogical{{sidecar.OneLine(strings.TrimSpace(f.Object.String() + " " + f.Field))}}
	}
	if at.Physical != nil || at.Logical != nil {
		result.Locations = []sarifLocation{at}
	}
	for key, value := range map[string]string{"field": f.Field, "sidecar": f.Sidecar,
		"document": f.Document, "hint": f.Hint} {
		if value != "" {
			if result.More == nil {
				result.More = map[string]string{}
			}
			result.More[key] = sidecar.OneLine(value)
		}
	}
	return result
}

// fileURI writes the name of a file as a URI: relative, if the name is.
func fileURI(name string) string {
	u := url.URL{Path: path.Clean(name)}
	if path.IsAbs(name) {
		u.Scheme = "file"
	}
	return u.String()
}
