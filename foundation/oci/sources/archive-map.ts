/** Random access to the files of an uncompressed tar archive on disk: read through once, then each file by its place. */

import { createReadStream } from "node:fs";
import { readTar } from "../archive/read-tar.ts";
import { layerInvalid, pullFailed } from "../errors.ts";

export interface ArchiveMap {
  has(path: string): boolean;
  size(path: string): number;
  /** The bytes of a file from `offset` on. */
  read(path: string, offset: number): AsyncIterable<Uint8Array>;
  /** A whole small file. @throws image_layer_invalid when it is missing or longer than `limit` */
  document(path: string, limit: number): Promise<Uint8Array>;
}

interface Place {
  readonly start: number;
  readonly size: number;
}

/** Layers, configurations, manifests: an archive of images has no more files than this. */
const FILES_MAX = 100_000;
const READ_BYTES = 256 * 1024;

/** @throws image_layer_invalid when the file is no tar archive; image_pull_failed (not_found) when there is none */
export async function mapArchive(file: string): Promise<ArchiveMap> {
  const places = new Map<string, Place>();
  const links: [path: string, target: string][] = [];
  try {
    for await (const entry of readTar(createReadStream(file, { highWaterMark: READ_BYTES }))) {
      const path = normalise(entry.path);
      if (places.size + links.length >= FILES_MAX) throw layerInvalid("The archive has too many files.");
      if (entry.kind === "file" && entry.dataStart !== undefined)
        places.set(path, { start: entry.dataStart, size: entry.sizeBytes });
      else if (entry.kind === "symlink") links.push([path, normalise(`${path}/../${entry.linkPath}`)]);
      else if (entry.kind === "hardlink") links.push([path, normalise(entry.linkPath)]);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw pullFailed("not_found", "There is no such archive.", error);
  }
  // Old `docker save` archives link equal layers to each other.
  for (const [path, target] of links) {
    const place = places.get(target);
    if (place !== undefined) places.set(path, place);
  }
  const placeOf = (path: string): Place => {
    const place = places.get(normalise(path));
    if (place === undefined) throw layerInvalid(`The archive has no ${JSON.stringify(path)}.`);
    return place;
  };
  const read = (path: string, offset: number): AsyncIterable<Uint8Array> => {
    const { start, size } = placeOf(path);
    return slice(file, start + offset, start + size);
  };
  return {
    has: (path) => places.has(normalise(path)),
    size: (path) => placeOf(path).size,
    read,
    async document(path, limit) {
      if (placeOf(path).size > limit) throw layerInvalid(`${JSON.stringify(path)} of the archive is too long.`);
      return Buffer.concat(await Array.fromAsync(read(path, 0)));
    },
  };
}

async function* slice(file: string, start: number, end: number): AsyncGenerator<Uint8Array, void, void> {
  if (start < end) yield* createReadStream(file, { start, end: end - 1, highWaterMark: READ_BYTES });
}

/** A path as a key: without `.`, `..` and empty parts. Keys only name places in the archive, and open nothing. */
function normalise(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.join("/");
}
