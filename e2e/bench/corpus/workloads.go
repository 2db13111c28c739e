package corpus

import "fmt"

// The numbers of apps: Services and the like of number j belong to Deployment j;
// other workloads have apps of their own.
const (
	statefulSets = 300 + iota*100
	daemonSets
	cronJobs
	jobs
	others
)

func (g *maker) makeDeployment() mapping {
	a := g.makeApp(g.j)
	annotations := m(
		"example.com/owner", a.team+"@example.com",
		"example.com/runbook", "https://runbooks.example.com/"+a.name,
	)
	return newObject("apps/v1", "Deployment", g.makeMetadata(a, annotations),
		"spec", m("replicas", noted{1 + g.IntN(12), "see the HPA"}, "revisionHistoryLimit", 5,
			"strategy", m("type", "RollingUpdate", "rollingUpdate", m("maxSurge", "25%", "maxUnavailable", 0)),
			"selector", a.selector(), "template", g.makeTemplate(a, false)),
	)
}

func (g *maker) statefulSet() mapping {
	a := g.makeApp(statefulSets + g.j)
	claim := m(
		"metadata", m("name", "data"),
		"spec", m("accessModes", list{"ReadWriteOnce"}, "storageClassName", g.pickOne("ssd", "hdd"),
			"resources", m("requests", m("storage", fmt.Sprintf("%dGi", 10<<g.IntN(5))))),
	)
	return newObject("apps/v1", "StatefulSet", g.makeMetadata(a, nil),
		"spec", m(
			"serviceName", a.name,
			"replicas", 1+2*g.IntN(3),
			"podManagementPolicy", "Parallel",
			"updateStrategy", m("type", "RollingUpdate"),
			"selector", a.selector(),
			"template", g.makeTemplate(a, false),
			"volumeClaimTemplates", list{claim},
		),
	)
}

func (g *maker) daemonSet() mapping {
	a := g.makeApp(daemonSets + g.j)
	return newObject("apps/v1", "DaemonSet", g.makeMetadata(a, nil),
		"spec", m("updateStrategy", m("type", "RollingUpdate", "rollingUpdate", m("maxUnavailable", "10%")),
			"selector", a.selector(), "template", g.makeTemplate(a, false)))
}

func (g *maker) cronJob() mapping {
	a := g.makeApp(cronJobs + g.j)
	return newObject("batch/v1", "CronJob", g.makeMetadata(a, nil),
		"spec", m(
			"schedule", g.pickOne("*/5 * * * *", "0 3 * * *", "@hourly", "30 1 * * 0"),
			"concurrencyPolicy", "Forbid",
			"successfulJobsHistoryLimit", 3,
			"jobTemplate", m("spec", m("backoffLimit", 2, "template", g.makeTemplate(a, true))),
		),
	)
}

func (g *maker) makeJob() mapping {
	a := g.makeApp(jobs + g.j)
	return newObject("batch/v1", "Job", g.makeMetadata(a, nil),
		"spec", m("backoffLimit", g.IntN(6), "ttlSecondsAfterFinished", 3600, "template", g.makeTemplate(a, true)),
	)
}
