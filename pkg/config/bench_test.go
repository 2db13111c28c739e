package config

import "testing"

func BenchmarkRead(b *testing.B) {
	for b.Loop() {
		Read([]byte(search), "sidecars.yaml")
	}
}
