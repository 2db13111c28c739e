// Package pattern holds what sidecar patterns are made of, and [Custom], the pattern that
// spells everything out. A pattern is a struct. Users write its fields. Its Change method
// returns what one workload needs, and depends on nothing but these fields and the view of
// the workload.
//
// The other patterns are in the packages below this one: proxy, tunnel, exporter,
// logtail, vault, migrate, step and agent. None of them imports another. What two of
// them need is here:
//
//   - Images: [Image], with a variable for each of them, around whose Ref stands
//     [sidecar.Workload.Pulled]; [ReleaseOf] reads a [Release] from the tag of an image, and
//     [CheckVersion] finds one without.
//   - Containers: [Size] for resources, [RestrictedSecurityContext], [NewTCPProbe],
//     [NewHTTPProbe], [SecretEnvVar], [CPULimit]; [RunsAs] and [OverriddenUser] for users.
//   - Volumes: [VolumeName], [VolumeNames], [IsReadOnlySource], [ConfigMapVolume], [SecretVolume], [TmpVolume];
//     files of images with [ImageVolume], or with [NewCopier] and [CopiesVolume].
//   - Objects: [NewConfigMap], [NewMetadata].
//   - Certificates: [Certificate] for those of cert-manager, [CABundle] for authorities;
//     [TLSKeys], [CAKey] and [CADir] are names of keys and files.
//   - For Validate: [ValidatePort], [ValidateUnprivilegedPort], [ValidateEnum], [RefuseDuplicate],
//     [ValidateObjectName], [ValidateLabelName], [ValidateKey], [ValidateEnvName], [ValidateEnvVar],
//     [ValidateMountPath], [ValidateFilePath], [ValidateImageName], [RefuseField].
//   - For Check: [CheckLinux], [CheckPodNetwork], [CheckImageVolume], [CheckSecretKeys], [AddUnfit],
//     [RunningContainers], [DescribeTCPPorts].
//   - Texts: [LazyRegexp], [HeaderName], [IsHost], [IsLoopback], [IsHTTP],
//     [IsVisible], [IsFolder], [MentionsName], [VisitTexts], [ExpandPort], [JoinSorted].
package pattern
