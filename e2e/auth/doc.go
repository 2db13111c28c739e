// Package auth proves that what pattern authProxy renders keeps everybody out who
// may not come in: the real nginx and the real oauth2-proxy run it, unchanged and
// as the containers would, between clients, an issuer of tokens and an app.
// Envoy isn't to be had as a package or a module: its configuration is read
// strictly into the messages of its API and validated by their rules.
package auth
