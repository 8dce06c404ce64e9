/** Makes the root directory of a container from an image of a store. */

import { chmod, mkdir, rename, rm } from "node:fs/promises";
import { layerInvalid } from "./errors.ts";
import { DEFAULT_IMAGE_LIMITS, type ImageLimits } from "./limits.ts";
import type { StoredImage } from "./pull-image.ts";
import type { BlobStore } from "./store/blob-store.ts";
import { defaultOwnership, type Ownership } from "./unpack/ownership.ts";
import { TreeUnpacker, type UnpackReport } from "./unpack/tree-unpacker.ts";

export interface UnpackImageOptions {
  readonly store: BlobStore;
  readonly image: StoredImage;
  /** Must not exist; its parent must. One unpacking into one target at a time. */
  readonly target: string;
  readonly ownership?: Ownership;
  readonly limits?: Partial<ImageLimits>;
  readonly signal?: AbortSignal;
}

/**
 * The target exists only when it is complete: the tree is made beside it, in `TARGET.partial`, and renamed. What an earlier, killed attempt left there is
 * removed first. The files are not synced: after a power failure a tree is made again, from blobs that are.
 *
 * @throws image_layer_invalid, image_too_large; the reason of `signal`; system errors of the disk
 */
export async function unpackImage(options: UnpackImageOptions): Promise<UnpackReport> {
  const { store, image, target, signal } = options;
  const limits = { ...DEFAULT_IMAGE_LIMITS, ...options.limits };
  const ownership = options.ownership ?? defaultOwnership();
  if (image.layers.length !== image.config.diffIds.length)
    throw layerInvalid("The image's layers and their digests differ in number.");
  const partial = `${target}.partial`;
  const lease = store.lease(image.layers.map((layer) => layer.digest));
  try {
    await removeAll(partial);
    await mkdir(partial, { mode: 0o700 });
    const unpacker = new TreeUnpacker(partial, { ownership, limits, signal });
    for (const [index, layer] of image.layers.entries()) {
      await unpacker.layer(store.read(layer.digest), image.config.diffIds[index]!);
    }
    const report = unpacker.finish();
    await rename(partial, target);
    return report;
  } catch (error) {
    await removeAll(partial).catch(() => {});
    throw error;
  } finally {
    lease.release();
  }
}

async function removeAll(path: string): Promise<void> {
  await chmod(path, 0o700).catch(() => {});
  await rm(path, { recursive: true, force: true });
}
