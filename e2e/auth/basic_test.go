package auth

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/pkg/pattern/proxy"
)

func basic(user, password string) map[string]string {
	return map[string]string{"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))}
}

func TestBasic(t *testing.T) {
	containers, files := renderProxy(t, &proxy.AuthProxy{
		Basic:       &proxy.Basic{SecretName: "users", Realm: "the reports"},
		PublicPaths: []string{"/open", "/static/*"},
	})
	require.Len(t, containers, 1)
	users := pod.NewVolume(t, map[string]string{"htpasswd": "alice:{PLAIN}secret\n"})
	serve(t)
	launch(t, containers[0], map[string]*pod.Volume{
		"/etc/outrigger/nginx": pod.NewVolume(t, files), "/etc/outrigger/users": users, "/tmp": nil})

	for name, c := range map[string]struct {
		header map[string]string
		want   int
	}{
		"nobody":           {pretended(map[string]string{}), 401},
		"alice":            {pretended(basic("alice", "secret")), 200},
		"a wrong password": {basic("alice", "Secret"), 401},
		"no password":      {basic("alice", ""), 401},
		"a stranger":       {basic("bob", "secret"), 401},
		"garbage":          {map[string]string{"Authorization": "Basic !!"}, 401},
		"a token":          {map[string]string{"Authorization": "Bearer x"}, 401},
	} {
		t.Run(name, func(t *testing.T) {
			status, header, got := ask(t, "GET", "/admin?x=%2F", c.header)
			require.Equal(t, c.want, status)
			if status == 401 {
				require.Equal(t, `Basic realm="the reports"`, header.Get("WWW-Authenticate"))
				return
			}
			require.Equal(t, "/admin?x=%2F", got.URI)
			require.Equal(t, "alice", got.Header.Get("X-Forwarded-User"))
			require.Empty(t, got.Header.Get("Authorization"))
			require.NotContains(t, strings.Join(values(got.Header), " "), "root")
		})
	}
	for _, path := range []string{"/open", "/open?a=%2F..%2F", "/static/x.css", "/static/a/b"} {
		status, _, got := ask(t, "GET", path, pretended(map[string]string{}))
		require.Equal(t, 200, status, path)
		require.Equal(t, path, got.URI)
		require.NotContains(t, strings.Join(values(got.Header), " "), "root")
	}
	for _, path := range tricks {
		status, _, got := ask(t, "GET", path, nil)
		require.Contains(t, []int{400, 401}, status, "%s: the app got %s", path, got.URI)
	}

	users.WriteFiles(map[string]string{"htpasswd": "bob:{PLAIN}other\n"})
	pod.Poll(t, "the new list", func() bool {
		status, _, _ := ask(t, "GET", "/", basic("bob", "other"))
		return status == 200
	})
	status, _, _ := ask(t, "GET", "/", basic("alice", "secret"))
	require.Equal(t, 401, status)
}

func values(header map[string][]string) (all []string) {
	for _, v := range header {
		all = append(all, v...)
	}
	return all
}
