package report_test

import (
	"os"

	"github.com/outrigger-dev/outrigger/pkg/report"
	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

func Example() {
	var findings sidecar.Findings
	findings.Add(sidecar.Error, "missing-port", "port", "container shop doesn't declare 8081", "write 8080")
	report.New(os.Stdout, report.Never).PrintFindings(findings)
	// Output:
	// error[missing-port]: port: container shop doesn't declare 8081
	//   hint: write 8080
}
