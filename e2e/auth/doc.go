// Package auth proves that what pattern authProxy renders keeps everybody out who
// may not come in: the real nginx, with its njs, and the real oauth2-proxy run it,
// unchanged and as the containers would, between clients, an issuer of tokens and an
// app.
package auth
