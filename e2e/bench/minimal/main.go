package main

import _ "sigs.k8s.io/kustomize/kyaml/fn/framework"

func main() {}
