/**
 * OCI images: their names, where they come from, where they are kept, how they become directories, how directories become them.
 *
 * The way of an image: `parseReference` → `registrySource` (or `layoutSource`, `archiveSource`) → `pullImage` into an `openBlobStore` →
 * `unpackImage`. The way of a directory: `buildImage`.
 */

export { TAR_END, tarHeaderBlocks, tarPadding } from "./archive/write-tar.ts";
export { type BuildOptions, type BuildSettings, buildImage } from "./build/build-image.ts";
export { type IgnoreRules, ignoreRules } from "./build/ignore-rules.ts";
export { type Digest, digestOf, isDigest } from "./content/digest.ts";
export { type ExposedPort, type HealthCheck, type ImageConfig, parseImageConfig } from "./content/image-config.ts";
export type { Descriptor } from "./content/manifest.ts";
export { formatPlatform, hostPlatform, type Platform, type PlatformDigest } from "./content/platform.ts";
export { formatReference, type ImageReference, parseReference, pinnedTo } from "./content/reference.ts";
export { IMAGE_ERRORS, type ImageErrorCode, type PullFailure } from "./errors.ts";
export { DEFAULT_IMAGE_LIMITS, type ImageLimits } from "./limits.ts";
export { type PullOptions, pullImage, type StoredImage } from "./pull-image.ts";
export type { RegistryCredentials, RegistryOptions } from "./registry/registry-options.ts";
export type { ImageSource } from "./sources/image-source.ts";
export { archiveSource, layoutSource } from "./sources/layout-source.ts";
export { registrySource } from "./sources/registry-source.ts";
export type { BlobStore, Collection, Lease } from "./store/blob-store.ts";
export { openBlobStore } from "./store/open-blob-store.ts";
export { defaultOwnership, type IdRange, type Ownership } from "./unpack/ownership.ts";
export type { UnpackReport } from "./unpack/tree-unpacker.ts";
export { type UnpackImageOptions, unpackImage } from "./unpack-image.ts";
