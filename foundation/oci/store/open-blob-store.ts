/** Opens, or makes, a store of blobs. */

import { type Disk, systemDisk } from "#foundation/runtime";
import { IMAGE_ERRORS } from "../errors.ts";
import { ALGORITHMS, LAYOUT_MARKER, storePaths } from "./blob-layout.ts";
import { BlobStore } from "./blob-store.ts";
import { ensureDirectory, readIfPresent, writeDurably } from "./durable-files.ts";
import { encodePins, parsePins } from "./pins.ts";

/**
 * Opens the store in a directory whose parent exists. One process at a time may have it open; its caller sees to that.
 *
 * What arrived in part before a crash stays, and is gone on with when the same blob is asked for again.
 *
 * @throws image_layer_invalid when the list of images is damaged; DiskError
 */
export async function openBlobStore(root: string, disk: Disk = systemDisk): Promise<BlobStore> {
  const paths = storePaths(root);
  await ensureDirectory(disk, root.slice(0, root.lastIndexOf("/")) || "/", root);
  await ensureDirectory(disk, root, paths.blobs);
  await ensureDirectory(disk, root, paths.arriving);
  for (const algorithm of ALGORITHMS) await ensureDirectory(disk, paths.blobs, paths.folder(algorithm));
  const marker = await readIfPresent(disk, paths.marker);
  if (marker === undefined) {
    await writeDurably(disk, root, "oci-layout", new TextEncoder().encode(LAYOUT_MARKER));
  } else if (!new TextDecoder().decode(marker).includes('"1.0.0"')) {
    throw IMAGE_ERRORS.error("image_layer_invalid", `${root} is an image layout of a version that is not understood.`);
  }
  const written = await readIfPresent(disk, paths.index);
  const pins = written === undefined ? new Map() : parsePins(written);
  if (written === undefined) await writeDurably(disk, root, "index.json", encodePins(pins));
  return new BlobStore(disk, paths, pins);
}
