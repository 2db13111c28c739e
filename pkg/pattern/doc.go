// Package pattern is what sidecar patterns are made of, and [Custom], the pattern that
// spells everything out. A pattern is a struct whose fields a user writes, and whose
// Change method says what one workload needs. It is a pure function of these fields and
// the view of the workload.
//
// The other patterns are in the packages below this one: proxy, tunnel, exporter,
// logtail, vault, migrate, step and agent. None of them imports another. What two of
// them need is here:
//
//   - Images: [Image], with a variable for each of them, and [Release], the version that
//     an image's tag names ([ReleaseOf]).
//   - Containers: [Size] for resources, [RestrictedSecurityContext], [NewTCPProbe],
//     [NewHTTPProbe], [SecretEnvVar], [CPULimit]; [RunsAs] and [OverriddenUser] for users.
//   - Volumes: [VolumeName], [VolumeNames], [IsReadOnlySource], [ConfigMapVolume], [SecretVolume], [TmpVolume];
//     files out of images with [ImageVolume], or with [NewCopier] and [CopiesVolume].
//   - Objects: [NewConfigMap], [NewMetadata].
//   - Certificates: [Certificate] asks cert-manager for one, [CABundle] names authorities,
//     [TLSKeys], [CAKey] and [CADir] say where the files are.
//   - For Validate: [ValidatePort], [ValidateUnprivilegedPort], [ValidateEnum], [RefuseDuplicate],
//     [ValidateObjectName], [ValidateLabelName], [ValidateKey], [ValidateEnvName], [ValidateEnvVar],
//     [ValidateMountPath], [ValidateFilePath], [ValidateImageName], [RefuseField].
//   - For Check: [CheckLinux], [CheckPodNetwork], [CheckImageVolume], [AddUnfit],
//     [RunningContainers], [DescribeTCPPorts].
//   - Texts: [LazyRegexp], [HeaderName], [IsHost], [IsLoopback], [IsHTTP],
//     [IsVisible], [IsFolder], [MentionsName], [VisitTexts], [ExpandPort], [JoinSorted].
package pattern
