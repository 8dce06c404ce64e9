/** How much of a stranger's image is taken. Every limit can be set by the caller. */

export interface ImageLimits {
  /** Sum of all layers and the configuration as they travel. */
  readonly compressedBytes: number;
  /** Sum of the sizes of all files of all layers, and of each layer's archive, after decompression. */
  readonly unpackedBytes: number;
  readonly layers: number;
  /** Entries of all layers together: each costs an inode and a place in memory. */
  readonly entries: number;
  /** One manifest, index or configuration. */
  readonly documentBytes: number;
  /** Milliseconds for one blob. */
  readonly layerTimeoutMs: number;
  /** Milliseconds for the whole pull. */
  readonly pullTimeoutMs: number;
}

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const MINUTE = 60_000;

export const DEFAULT_IMAGE_LIMITS: ImageLimits = {
  compressedBytes: 10 * GIB,
  unpackedBytes: 50 * GIB,
  layers: 128,
  // Large distribution images have some 100,000 files.
  entries: 2_000_000,
  // What registries are asked to accept at least (distribution specification 1.1, "Pushing Manifests").
  documentBytes: 4 * MIB,
  layerTimeoutMs: 5 * MINUTE,
  pullTimeoutMs: 30 * MINUTE,
};
