/** Brings one blob to the disk: goes on where an earlier attempt ended, hashes what passes, syncs it. */

import { type Disk, DiskError, type DiskFile } from "#foundation/runtime";
import { type Digest, Digester, digestParts } from "../content/digest.ts";
import type { Descriptor } from "../content/manifest.ts";
import { layerInvalid, pullFailed } from "../errors.ts";
import { unlinkIfPresent } from "./durable-files.ts";

/** The bytes of a blob from `offset` on. */
export type OpenBytes = (offset: number) => AsyncIterable<Uint8Array>;

const READ_BYTES = 256 * 1024;

/**
 * Leaves the whole blob, checked and synced, at `path`. When it breaks off, what has arrived stays there for the next attempt.
 *
 * @throws image_layer_invalid when the bytes are not those of the descriptor, image_pull_failed (interrupted) when they end too early
 */
export async function receiveBlob(disk: Disk, path: string, descriptor: Descriptor, open: OpenBytes): Promise<void> {
  const file = await disk.open(path, "create");
  let keep = false;
  try {
    if (await attempt(file, descriptor, open)) {
      keep = true;
      return;
    }
    // What a crash left may be anything: the disk promises nothing of what was not synced. Without it the source is at fault.
    await file.truncate(0);
    if (await attempt(file, descriptor, open)) {
      keep = true;
      return;
    }
    throw layerInvalid(`What arrived as ${descriptor.digest} has another digest.`);
  } catch (error) {
    // A failed sync leaves contents unknown for good (see the port of disks): such a file must not be gone on with. Nor must a wrong one.
    keep = !(error instanceof DiskError) && (error as { code?: string }).code !== "image_layer_invalid";
    throw error;
  } finally {
    await file.close();
    if (!keep) await unlinkIfPresent(disk, path);
  }
}

/** Resolves to false when the digest is wrong and bytes of an earlier attempt had a part in it. */
async function attempt(file: DiskFile, descriptor: Descriptor, open: OpenBytes): Promise<boolean> {
  const { algorithm } = digestParts(descriptor.digest);
  const digester = new Digester(algorithm);
  let length = await hashStart(file, digester);
  const resumed = length > 0;
  if (length > descriptor.size) return false;
  if (length < descriptor.size || length === 0) {
    for await (const chunk of open(length)) {
      length += chunk.length;
      if (length > descriptor.size)
        throw layerInvalid(`The blob ${descriptor.digest} is longer than ${descriptor.size} bytes.`);
      digester.update(chunk);
      await file.append(chunk);
    }
  }
  if (length < descriptor.size)
    throw pullFailed("interrupted", `The blob ${descriptor.digest} ended after ${length} bytes.`);
  const actual: Digest = digester.digest();
  if (actual !== descriptor.digest) {
    if (resumed) return false;
    throw layerInvalid(`What arrived as ${descriptor.digest} has the digest ${actual}.`);
  }
  await file.sync();
  return true;
}

async function hashStart(file: DiskFile, digester: Digester): Promise<number> {
  for (let at = 0; ; ) {
    const bytes = await file.read(at, READ_BYTES);
    if (bytes.length === 0) return at;
    digester.update(bytes);
    at += bytes.length;
  }
}
