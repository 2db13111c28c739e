// Package argocd tests examples/argocd with a stand-in for argocd-cmp-server, the server that Argo CD runs in the
// sidecar of a plugin (cmpserver/plugin in its source, v3.5.1). The stand-in does what that does, but for gRPC and tar
// around it: it writes the files with plain modes into a folder of its own for each request, looks for the file that
// discover names, and runs the command without a shell, with the environment of the sidecar and that of the
// application. Output is split into objects; a failed command makes an error with its standard error.
//
// e2e/runners runs the tests that ask a server with the real one, too: startReal.
//
// The commands are read from the plugin.yaml files, the root is that of the Dockerfile, and the user is that of the
// patch of the repo-server: nothing is repeated here.
package argocd
