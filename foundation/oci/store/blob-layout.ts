/** Where things are in a store's directory, which is an OCI image layout (OCI image specification 1.1, image-layout.md) with a folder of its own. */

import { type Digest, digestParts } from "../content/digest.ts";

export interface StorePaths {
  readonly root: string;
  readonly marker: string;
  readonly index: string;
  readonly blobs: string;
  /** Blobs that are arriving. Nothing in here is ever served. */
  readonly arriving: string;
  folder(algorithm: string): string;
  blob(digest: Digest): string;
  partial(digest: Digest): string;
}

export const ALGORITHMS = ["sha256", "sha512"] as const;

export function storePaths(root: string): StorePaths {
  const folder = (algorithm: string): string => `${root}/blobs/${algorithm}`;
  return {
    root,
    marker: `${root}/oci-layout`,
    index: `${root}/index.json`,
    blobs: `${root}/blobs`,
    arriving: `${root}/arriving`,
    folder,
    blob(digest) {
      const { algorithm, hex } = digestParts(digest);
      return `${folder(algorithm)}/${hex}`;
    },
    partial(digest) {
      const { algorithm, hex } = digestParts(digest);
      return `${root}/arriving/${algorithm}-${hex}`;
    },
  };
}

export const LAYOUT_MARKER = '{"imageLayoutVersion":"1.0.0"}';
/** Annotation under which a layout keeps the name of an image (image specification, annotations.md). */
export const REF_NAME = "org.opencontainers.image.ref.name";
