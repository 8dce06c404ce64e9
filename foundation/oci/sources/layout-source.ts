/** Images of an OCI image layout: a directory, or a tar archive of one (OCI image specification 1.1, image-layout.md), and `docker save` archives. */

import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { digestParts } from "../content/digest.ts";
import { type Descriptor, type Index, type PlatformDescriptor, parseDocument } from "../content/manifest.ts";
import { MEDIA } from "../content/media-types.ts";
import { layerInvalid, pullFailed } from "../errors.ts";
import { DEFAULT_IMAGE_LIMITS } from "../limits.ts";
import { REF_NAME } from "../store/blob-layout.ts";
import { type ArchiveMap, mapArchive } from "./archive-map.ts";
import { dockerArchive } from "./docker-archive.ts";
import type { ImageSource } from "./image-source.ts";

/** The image called `name` in a layout directory; without a name, the only one. */
export function layoutSource(directory: string, name?: string): ImageSource {
  const read = (path: string, offset: number): AsyncIterable<Uint8Array> =>
    createReadStream(`${directory}/${path}`, { start: offset, highWaterMark: 256 * 1024 });
  return {
    async root() {
      const path = `${directory}/index.json`;
      try {
        if ((await stat(path)).size > DEFAULT_IMAGE_LIMITS.documentBytes)
          throw layerInvalid("The layout's index is too long.");
        return selectImage(await readFile(path), name);
      } catch (error) {
        throw missing(error, "index.json");
      }
    },
    open: (descriptor, offset) => guarded(read(blobPath(descriptor), offset), descriptor.digest),
  };
}

/** The image called `name` in an archive (`oci-archive` or `docker save`); without a name, the only one. */
export async function archiveSource(file: string, name?: string): Promise<ImageSource> {
  const map = await mapArchive(file);
  if (!map.has("index.json")) return await dockerArchive(map, name);
  return {
    async root() {
      return selectImage(await map.document("index.json", DEFAULT_IMAGE_LIMITS.documentBytes), name);
    },
    open: (descriptor, offset) => archiveBlob(map, descriptor, offset),
  };
}

function archiveBlob(map: ArchiveMap, descriptor: Descriptor, offset: number): AsyncIterable<Uint8Array> {
  const path = blobPath(descriptor);
  if (!map.has(path)) throw pullFailed("not_found", `The archive has no blob ${descriptor.digest}.`);
  return map.read(path, offset);
}

function blobPath({ digest }: Descriptor): string {
  const { algorithm, hex } = digestParts(digest);
  return `blobs/${algorithm}/${hex}`;
}

async function* guarded(source: AsyncIterable<Uint8Array>, what: string): AsyncGenerator<Uint8Array, void, void> {
  try {
    yield* source;
  } catch (error) {
    throw missing(error, what);
  }
}

function missing(error: unknown, what: string): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  return code === "ENOENT" || code === "ENOTDIR" ? pullFailed("not_found", `The layout has no ${what}.`, error) : error;
}

/** The entry with the name; several entries of one name are one image for several platforms, which no index joins: refused. */
function selectImage(bytes: Uint8Array, name: string | undefined): PlatformDescriptor {
  const document = parseDocument(bytes, MEDIA.index) as Index;
  const named = document.manifests.filter((entry) => name === undefined || entry.annotations?.[REF_NAME] === name);
  if (named.length === 1) return named[0]!;
  const names = document.manifests.flatMap((entry) => entry.annotations?.[REF_NAME] ?? []).join(", ");
  if (named.length === 0)
    throw pullFailed(
      "not_found",
      `The layout has no image ${JSON.stringify(name ?? "")}; it has: ${names || "none with a name"}.`,
    );
  throw pullFailed(
    "unsupported",
    `The layout has ${named.length} images; say which: ${names || "they have no names"}.`,
  );
}
