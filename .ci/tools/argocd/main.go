//go:build argocd

// Command argocd is the server that Argo CD runs in the sidecar of a plugin, and a client that asks it what the
// repo-server asks. The tag keeps it out of what is vetted: it's 1,500 packages.
package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/argoproj/argo-cd/v3/cmd/argocd-cmp-server/commands"
	"github.com/argoproj/argo-cd/v3/cmpserver/apiclient"
	"github.com/argoproj/argo-cd/v3/util/cmp"
)

// patience is ten times what Argo CD waits for a plugin.
const patience = 15 * time.Minute

func main() {
	if len(os.Args) < 5 || os.Args[1] != "ask" {
		if commands.NewCommand().Execute() != nil {
			os.Exit(1)
		}
		return
	}
	if err := askServer(os.Args[2], os.Args[3], os.Args[4], os.Args[5:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// askServer asks a server whether its plugin is for an app in a repository, prints yes or no, and then the objects
// of the app, one a line.
func askServer(socket, repository, app string, env []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, client, err := apiclient.NewConfigManagementPluginClientSet(socket).NewConfigManagementPluginClient()
	if err != nil {
		return err
	}
	defer conn.Close()
	match, err := client.MatchRepository(ctx)
	if err != nil {
		return err
	}
	if err := cmp.SendRepoStream(ctx, app, repository, match, env, nil); err != nil {
		return err
	}
	matched, err := match.CloseAndRecv()
	if err != nil {
		return err
	}
	if !matched.GetIsSupported() {
		fmt.Println("no")
		return nil
	}
	fmt.Println("yes")
	generate, err := client.GenerateManifest(ctx)
	if err != nil {
		return err
	}
	if err := cmp.SendRepoStream(ctx, app, repository, generate, env, nil); err != nil {
		return err
	}
	generated, err := generate.CloseAndRecv()
	if err != nil {
		return err
	}
	fmt.Println(strings.Join(generated.GetManifests(), "\n"))
	return nil
}
