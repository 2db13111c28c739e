package corpus

import "fmt"

// makeTemplate is a pod template with one to three containers.
func (g *maker) makeTemplate(a app, job bool) mapping {
	annotations := m("prometheus.io/scrape", "true", "prometheus.io/port", "9090", "checksum/config", g.drawBase64(43))
	spec := m("serviceAccountName", a.name)
	if g.drawChance(60) {
		spec = append(spec, m("securityContext", m(
			"runAsNonRoot", true,
			"runAsUser", 1000+g.IntN(9000),
			"fsGroup", 2000,
			"seccompProfile", m("type", "RuntimeDefault"),
		))...)
	}
	if job {
		spec = append(spec, m("restartPolicy", "OnFailure")...)
	} else {
		spec = append(spec, m("terminationGracePeriodSeconds", 30+g.IntN(4)*15)...)
	}
	if g.drawChance(25) {
		spec = append(spec, m("initContainers", list{g.initContainer(a)})...)
	}
	containers := list{g.makeContainer(a, job)}
	if g.drawChance(20) {
		containers = append(containers, g.makeCompanion("log-shipper", "fluent-bit:3.1.9"))
	}
	if g.drawChance(15) {
		containers = append(containers, g.makeCompanion("statsd", "statsd-exporter:0.27.1"))
	}
	spec = append(spec, m("containers", noted{containers, g.drawSentence(6)}, "volumes", list{
		m("name", "config", "configMap", m("name", a.name)),
		m("name", "tmp", "emptyDir", m()),
		m("name", "credentials", "secret", m("secretName", a.name, "defaultMode", 288)),
	})...)
	if g.drawChance(40) {
		spec = append(spec, m("affinity", antiAffinity(a))...)
	}
	if g.drawChance(30) {
		pool := g.pickOne("batch", "web", "memory")
		spec = append(spec, m(
			"tolerations", list{m("key", "dedicated", "operator", "Equal", "value", pool, "effect", "NoSchedule")},
			"nodeSelector", m("kubernetes.io/arch", g.pickOne("amd64", "arm64")),
		)...)
	}
	return m("metadata", m("labels", g.markObject(a.appLabels()), "annotations", annotations), "spec", spec)
}

func antiAffinity(a app) mapping {
	term := m("labelSelector", a.selector(), "topologyKey", "kubernetes.io/hostname")
	preferred := list{m("weight", 100, "podAffinityTerm", term)}
	return m("podAntiAffinity", m("preferredDuringSchedulingIgnoredDuringExecution", preferred))
}

// makeContainer is the app's own.
func (g *maker) makeContainer(a app, job bool) mapping {
	c := m(
		"name", "app",
		"image", noted{
			fmt.Sprintf("registry.example.com/%s/%s:v%d.%d.%d", a.team, a.name, g.IntN(5), g.IntN(30), g.IntN(10)),
			"bumped by the release bot",
		},
		"imagePullPolicy", "IfNotPresent",
	)
	switch {
	case job || g.drawChance(20):
		const script = "set -eu\nexport PATH=/opt/%[1]s/bin:$PATH\nexec %[1]s --config /etc/app/config.yaml\n"
		c = append(c, m("command", list{"/bin/sh", "-c"}, "args", list{fmt.Sprintf(script, a.name)})...)
	case g.drawChance(70):
		c = append(c, m("args", list{
			"--config=/etc/app/config.yaml",
			"--log-level=" + g.pickOne("info", "warn", "debug"),
			"--listen=:8080",
			fmt.Sprintf("--workers=%d", 1+g.IntN(16)),
		})...)
	}
	if !job {
		c = append(c, m("ports", list{
			m("name", "http", "containerPort", 8080, "protocol", "TCP"),
			m("name", "metrics", "containerPort", 9090, "protocol", "TCP"),
		})...)
	}
	c = append(c, m("env", g.makeEnv(a), "resources", g.makeResources())...)
	if !job {
		get := func(path string, port any) mapping { return m("httpGet", m("path", path, "port", port)) }
		c = append(c, m(
			"startupProbe", append(get("/healthz", "http"), m("failureThreshold", 30, "periodSeconds", 2)...),
			"readinessProbe", append(get("/ready", "http"), m("periodSeconds", 5, "timeoutSeconds", 1+g.IntN(3))...),
			"livenessProbe", append(get("/healthz", 8080), m("periodSeconds", 10, "failureThreshold", 3)...),
		)...)
	}
	return append(c, m("securityContext", locked(), "volumeMounts", list{
		m("name", "config", "mountPath", "/etc/app", "readOnly", true),
		m("name", "tmp", "mountPath", "/tmp"),
		m("name", "credentials", "mountPath", "/var/run/secrets/app", "readOnly", true),
	})...)
}

func (g *maker) makeEnv(a app) list {
	database := "postgres://app:$(DATABASE_PASSWORD)@db." + a.namespace + ".svc.cluster.local:5432/"
	env := list{
		m("name", "POD_NAME", "valueFrom", m("fieldRef", m("fieldPath", "metadata.name"))),
		m("name", "POD_IP", "valueFrom", m("fieldRef", m("fieldPath", "status.podIP"))),
		m("name", "DATABASE_PASSWORD", "valueFrom", m("secretKeyRef", m("name", a.name, "key", "password"))),
		m("name", "DATABASE_URL", "value", database+g.pickOne("main", "events", "audit")),
		m("name", "FEATURES", "value", g.pickOne("true", "false", "a,b,c")),
	}
	for i := range 1 + g.IntN(8) {
		other := g.makeApp(g.IntN(240))
		env = append(env, m(
			"name", fmt.Sprintf("%s_%d", g.pickOne("UPSTREAM", "BACKEND", "PEER"), i),
			"value", fmt.Sprintf("http://%s.%s:8080", other.name, other.namespace),
		))
	}
	return append(env, m("name", "GOMAXPROCS", "value", fmt.Sprint(1+g.IntN(8))))
}

func (g *maker) makeResources() mapping {
	memory := fmt.Sprintf("%dMi", 64<<g.IntN(6))
	return m("requests", m("cpu", fmt.Sprintf("%dm", 50+50*g.IntN(20)), "memory", memory), "limits", m("memory", memory))
}

// locked is what Pod Security "restricted" asks for.
func locked() mapping {
	return m("allowPrivilegeEscalation", false, "readOnlyRootFilesystem", true, "capabilities", m("drop", list{"ALL"}))
}

func (g *maker) initContainer(a app) mapping {
	return m(
		"name", "migrate",
		"image", "registry.example.com/"+a.team+"/migrate:4.18.1",
		"args", list{"up", "--dir", "/migrations"},
		"env", list{m("name", "DATABASE_URL", "valueFrom", m("secretKeyRef", m("name", a.name, "key", "url")))},
		"resources", g.makeResources(),
		"securityContext", locked(),
	)
}

func (g *maker) makeCompanion(name, image string) mapping {
	return m(
		"name", name,
		"image", "registry.example.com/observability/"+image,
		"args", list{"--quiet", "--config=/etc/" + name + "/" + name + ".yaml"},
		"env", g.makeEnv(g.makeApp(g.j))[:2+g.IntN(3)],
		"resources", g.makeResources(),
		"securityContext", locked(),
		"volumeMounts", list{m("name", "tmp", "mountPath", "/tmp")},
	)
}
