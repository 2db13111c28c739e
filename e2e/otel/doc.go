// Package otel proves that what pattern otelAgent renders does what it promises: a real
// OpenTelemetry collector, of the release of the image and with those of its parts that
// the configuration names, between an app and a backend.
package otel
