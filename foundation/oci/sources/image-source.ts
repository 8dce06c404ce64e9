/** Where images come from: a registry, a layout, an archive. */

import type { Descriptor, PlatformDescriptor } from "../content/manifest.ts";

export interface ImageSource {
  /** The image asked for: a manifest or an index. */
  root(signal?: AbortSignal): Promise<PlatformDescriptor>;
  /** The bytes of something that the root refers to, from `offset` on. Not checked: `BlobStore.receive` does. */
  open(descriptor: Descriptor, offset: number, signal?: AbortSignal): AsyncIterable<Uint8Array>;
}
