/**
 * A consistent copy of a cluster in a place of named objects, made while the cluster goes on, and put back into an empty store.
 */
export { type BackUpOptions, type BackupProgress, backUpCluster } from "./back-up.ts";
export { BackupError, type BackupFailure } from "./backup-error.ts";
export { openDirectoryPlace } from "./directory-place.ts";
export { decodeManifest, encodeManifest, MANIFEST_NAME, type Manifest } from "./format.ts";
export type { BackupPlace } from "./place.ts";
export { type RestoreOptions, type RestoreProgress, restore } from "./restore.ts";
