/** Descriptors, manifests and indexes (OCI image specification 1.1: descriptor.md, manifest.md, image-index.md). */

import { layerInvalid } from "../errors.ts";
import { type Digest, isDigest } from "./digest.ts";
import { Place } from "./json-shape.ts";
import { isConfigType, isIndexType, isLayerType, isManifestType, MEDIA } from "./media-types.ts";
import type { Platform } from "./platform.ts";

/** What a blob is, how it is called and how long it is. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface PlatformDescriptor extends Descriptor {
  readonly platform?: Platform;
}

export interface Manifest {
  readonly kind: "manifest";
  readonly mediaType: string;
  readonly config: Descriptor;
  /** From the lowest to the highest. */
  readonly layers: readonly Descriptor[];
}

export interface Index {
  readonly kind: "index";
  readonly mediaType: string;
  readonly manifests: readonly PlatformDescriptor[];
}

/** An index with more entries is no honest index; each is looked at. */
const INDEX_ENTRIES_MAX = 1000;

/**
 * Reads a document that is a manifest or an index.
 *
 * @param mediaType what the descriptor or the registry says it is
 * @throws image_layer_invalid when it is not well formed, or is something else than was said
 */
export function parseDocument(bytes: Uint8Array, mediaType: string): Manifest | Index {
  const place = Place.parse(bytes, "manifest");
  if (place.at("schemaVersion").count() !== 2)
    throw layerInvalid("The manifest is of an old format; schemaVersion 2 is needed.");
  const said = place.at("mediaType").textOr(mediaType);
  // A document that could be read as both lets two readers see two images (OCI image specification, "Ambiguity", CVE-2021-41190).
  if (place.at("manifests").given && (place.at("layers").given || place.at("config").given)) {
    throw layerInvalid("The document is a manifest and an index at once.");
  }
  if (said !== mediaType) throw layerInvalid(`The document says that it is ${said}, but was given as ${mediaType}.`);
  if (isIndexType(said)) return parseIndex(place, said);
  if (isManifestType(said)) return parseManifest(place, said);
  throw layerInvalid(`Documents of the type ${JSON.stringify(said)} are not understood.`);
}

function parseManifest(place: Place, mediaType: string): Manifest {
  const config = parseDescriptor(place.at("config"));
  if (!isConfigType(config.mediaType)) {
    throw layerInvalid(
      `This is not an image to run: its configuration is of the type ${JSON.stringify(config.mediaType)}.`,
    );
  }
  const layers = place.at("layers").list().map(parseDescriptor);
  for (const layer of layers) {
    if (!isLayerType(layer.mediaType)) {
      throw layerInvalid(`Layers of the type ${JSON.stringify(layer.mediaType)} are not understood.`);
    }
  }
  return { kind: "manifest", mediaType, config, layers };
}

function parseIndex(place: Place, mediaType: string): Index {
  const entries = place.at("manifests").list();
  if (entries.length > INDEX_ENTRIES_MAX) throw layerInvalid(`An index has more than ${INDEX_ENTRIES_MAX} entries.`);
  return { kind: "index", mediaType, manifests: entries.map(parsePlatformDescriptor) };
}

function parsePlatformDescriptor(place: Place): PlatformDescriptor {
  const descriptor = parseDescriptor(place);
  const platform = place.at("platform");
  if (!platform.given) return descriptor;
  const variant = platform.at("variant").textOr(undefined);
  return {
    ...descriptor,
    platform: {
      os: platform.at("os").text(),
      architecture: platform.at("architecture").text(),
      ...(variant === undefined || variant === "" ? {} : { variant }),
    },
  };
}

export function parseDescriptor(place: Place): Descriptor {
  const digest = place.at("digest").text();
  if (!isDigest(digest)) throw place.at("digest").wrong("a sha256 or sha512 digest");
  const annotations = place.at("annotations");
  return {
    mediaType: place.at("mediaType").text(),
    digest,
    size: place.at("size").count(),
    ...(annotations.given ? { annotations: annotations.textMap() } : {}),
  };
}

/** Bytes of a manifest; the order of its members is fixed, so that the same image has the same digest. */
export function encodeManifest(config: Descriptor, layers: readonly Descriptor[]): Uint8Array {
  return encodeJson({ schemaVersion: 2, mediaType: MEDIA.manifest, config, layers });
}

export function encodeIndex(manifests: readonly PlatformDescriptor[]): Uint8Array {
  return encodeJson({ schemaVersion: 2, mediaType: MEDIA.index, manifests });
}

export function encodeJson(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
