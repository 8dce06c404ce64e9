/** Archives of `docker save` without an OCI layout: `manifest.json` names a configuration and layer archives (Docker image specification v1.2). */

import { sniffCompression } from "../archive/decompress.ts";
import { type Digest, Digester, digestOf } from "../content/digest.ts";
import { Place } from "../content/json-shape.ts";
import { type Descriptor, encodeManifest } from "../content/manifest.ts";
import { MEDIA } from "../content/media-types.ts";
import { layerInvalid, pullFailed } from "../errors.ts";
import { DEFAULT_IMAGE_LIMITS } from "../limits.ts";
import type { ArchiveMap } from "./archive-map.ts";
import type { ImageSource } from "./image-source.ts";

/**
 * The image with the tag `name` (as `docker save` wrote it: `app:1`); without a name, the only one. Its manifest is made here, always the same for the
 * same archive, because the format has none.
 *
 * @throws image_layer_invalid, image_pull_failed
 */
export async function dockerArchive(map: ArchiveMap, name?: string): Promise<ImageSource> {
  const limit = DEFAULT_IMAGE_LIMITS.documentBytes;
  if (!map.has("manifest.json")) throw layerInvalid("The archive is neither an OCI layout nor made by docker save.");
  const images = Place.parse(await map.document("manifest.json", limit), "manifest.json").list();
  const named = images.filter((image) => name === undefined || image.at("RepoTags").texts().includes(name));
  if (named.length !== 1) {
    throw pullFailed(
      named.length === 0 ? "not_found" : "unsupported",
      `The archive has ${named.length} such images; name one by its tag.`,
    );
  }
  const layerPaths = named[0]!.at("Layers").texts();
  if (layerPaths.length > DEFAULT_IMAGE_LIMITS.layers) throw layerInvalid("The image has too many layers.");
  const configPath = named[0]!.at("Config").text();
  const paths = new Map<Digest, string>();
  const describe = async (path: string, mediaType: string): Promise<Descriptor> => {
    const digester = new Digester();
    for await (const chunk of map.read(path, 0)) digester.update(chunk);
    const digest = digester.digest();
    paths.set(digest, path);
    return { mediaType, digest, size: map.size(path) };
  };
  const config = await describe(configPath, MEDIA.config);
  const layers: Descriptor[] = [];
  for (const path of layerPaths) layers.push(await describe(path, await layerType(map, path)));
  const manifest = encodeManifest(config, layers);
  const root: Descriptor = { mediaType: MEDIA.manifest, digest: digestOf(manifest), size: manifest.length };
  return {
    root: async () => root,
    async *open(descriptor, offset) {
      if (descriptor.digest === root.digest) yield manifest.subarray(offset);
      else {
        const path = paths.get(descriptor.digest);
        if (path === undefined) throw pullFailed("not_found", `The archive has no blob ${descriptor.digest}.`);
        yield* map.read(path, offset);
      }
    },
  };
}

async function layerType(map: ArchiveMap, path: string): Promise<string> {
  for await (const start of map.read(path, 0)) {
    const compression = sniffCompression(start);
    return compression === "gzip" ? MEDIA.layerGzip : compression === "zstd" ? MEDIA.layerZstd : MEDIA.layer;
  }
  return MEDIA.layer;
}
