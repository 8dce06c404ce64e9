/** Layers and images for tests, written by hand so that hostile ones can be made too. */

import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import type { TarAttributes, TarKind } from "../archive/tar-entry.ts";
import { TAR_END, tarHeaderBlocks, tarPadding } from "../archive/write-tar.ts";
import { type Digest, digestOf } from "../content/digest.ts";
import { type Descriptor, encodeJson, encodeManifest } from "../content/manifest.ts";
import { MEDIA } from "../content/media-types.ts";
import { DEFAULT_IMAGE_LIMITS, type ImageLimits } from "../limits.ts";
import type { Ownership } from "../unpack/ownership.ts";
import { TreeUnpacker, type UnpackReport } from "../unpack/tree-unpacker.ts";

/** One entry of a layer: a path and what is there. */
export interface Made extends Partial<TarAttributes> {
  readonly path: string;
  readonly text?: string;
}

export const file = (path: string, text = ""): Made => ({ path, text, kind: "file" });
export const directory = (path: string, mode = 0o755): Made => ({ path, kind: "directory", mode });
export const link = (path: string, linkPath: string, kind: TarKind = "symlink"): Made => ({ path, kind, linkPath });

/** A directory that is gone at the end of its scope. */
export function temporaryDirectory(): Disposable & { readonly path: string } {
  const path = mkdtempSync(`${tmpdir()}/biplane-oci-`);
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

export function tarOf(...entries: readonly Made[]): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  for (const { text = "", ...entry } of entries) {
    const bytes = Buffer.from(text);
    const defaults = { kind: "file" as const, mode: 0o644, uid: 0, gid: 0, modifiedMs: 0, linkPath: "" };
    parts.push(tarHeaderBlocks({ ...defaults, sizeBytes: bytes.length, ...entry }));
    parts.push(bytes, new Uint8Array(tarPadding(bytes.length)));
  }
  return Buffer.concat([...parts, TAR_END]);
}

/** Bytes as a stream whose pieces have `size` bytes. */
export async function* chunked(bytes: Uint8Array, size = 1000): AsyncGenerator<Uint8Array, void, void> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Lays layers over each other in a new directory. */
export async function unpackLayers(
  root: string,
  layers: readonly Uint8Array[],
  options: { ownership?: Ownership; limits?: Partial<ImageLimits>; before?: () => void } = {},
): Promise<UnpackReport> {
  mkdirSync(root, { mode: 0o700 });
  options.before?.();
  const limits = { ...DEFAULT_IMAGE_LIMITS, ...options.limits };
  const unpacker = new TreeUnpacker(root, { ownership: options.ownership ?? { kind: "mine" }, limits });
  for (const layer of layers) {
    await unpacker.layer(chunked(layer, 777), digestOf(layer));
  }
  return unpacker.finish();
}

/** Everything below a directory: `path` → `file:mode:text`, `dir:mode` or `link:target`. */
export function treeOf(root: string, below = ""): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of readdirSync(`${root}/${below}`).sort()) {
    const path = below === "" ? name : `${below}/${name}`;
    const stat = lstatSync(`${root}/${path}`);
    const mode = (stat.mode & 0o7777).toString(8);
    if (stat.isSymbolicLink()) found[path] = `link:${readlinkSync(`${root}/${path}`)}`;
    else if (stat.isFile()) found[path] = `file:${mode}:${readFileSync(`${root}/${path}`, "utf8")}`;
    else {
      found[path] = `dir:${mode}`;
      Object.assign(found, treeOf(root, path));
    }
  }
  return found;
}

/** A whole image in memory, blob by blob. */
export interface MemoryImage {
  readonly manifest: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly blobs: ReadonlyMap<Digest, Uint8Array>;
}

/** An image of these layers (archives before compression, compressed by `pack`) for one platform. */
export function imageOf(
  layers: readonly Uint8Array[],
  { architecture = "amd64", pack = (bytes: Uint8Array): Uint8Array => bytes, config = {} as object } = {},
): MemoryImage {
  const blobs = new Map<Digest, Uint8Array>();
  const add = (mediaType: string, bytes: Uint8Array): Descriptor => {
    const digest = digestOf(bytes);
    blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const packed = layers.map((layer) => add(MEDIA.layerGzip, pack(layer)));
  const rootfs = { type: "layers", diff_ids: layers.map((layer) => digestOf(layer)) };
  const described = add(MEDIA.config, encodeJson({ os: "linux", architecture, config, rootfs }));
  const manifest = add(MEDIA.manifest, encodeManifest(described, packed));
  return { manifest, layers: packed, blobs };
}
