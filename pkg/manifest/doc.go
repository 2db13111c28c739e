package manifest

import (
	_ "github.com/stretchr/testify/require"
	_ "sigs.k8s.io/kustomize/api/krusty"
	_ "sigs.k8s.io/kustomize/api/types"
	_ "sigs.k8s.io/kustomize/kyaml/yaml"
)
