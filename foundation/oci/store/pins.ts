/** Which images a store keeps: the entries of its `index.json`, by name. */

import type { PlatformDescriptor } from "../content/manifest.ts";
import { encodeIndex, parseDocument } from "../content/manifest.ts";
import { MEDIA } from "../content/media-types.ts";
import { REF_NAME } from "./blob-layout.ts";

export type Pins = ReadonlyMap<string, PlatformDescriptor>;

/** @throws image_layer_invalid */
export function parsePins(bytes: Uint8Array): Map<string, PlatformDescriptor> {
  const document = parseDocument(bytes, MEDIA.index);
  const pins = new Map<string, PlatformDescriptor>();
  if (document.kind !== "index") return pins;
  for (const entry of document.manifests) pins.set(entry.annotations?.[REF_NAME] ?? entry.digest, entry);
  return pins;
}

/** Sorted by name, so that the same images give the same file. */
export function encodePins(pins: Pins): Uint8Array {
  const entries = [...pins].sort(([a], [b]) => (a < b ? -1 : 1));
  return encodeIndex(
    entries.map(([name, entry]) => ({ ...entry, annotations: { ...entry.annotations, [REF_NAME]: name } })),
  );
}
