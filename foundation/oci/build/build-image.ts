/**
 * Makes a directory into an image of one layer, in a store.
 *
 * The same files and settings give the same digests on every machine: entries are sorted, times are 1970, owners are root, modes are 0755 or 0644, and
 * the layer is not compressed (a compressor's output may change with its version; the store compresses nothing either).
 */

import { TAR_END, tarHeaderBlocks, tarPadding } from "../archive/write-tar.ts";
import { type Digest, Digester } from "../content/digest.ts";
import { parseImageConfig } from "../content/image-config.ts";
import { type Descriptor, encodeJson, encodeManifest } from "../content/manifest.ts";
import { MEDIA } from "../content/media-types.ts";
import { hostPlatform, type Platform } from "../content/platform.ts";
import { tooLarge } from "../errors.ts";
import { DEFAULT_IMAGE_LIMITS, type ImageLimits } from "../limits.ts";
import type { StoredImage } from "../pull-image.ts";
import type { BlobStore } from "../store/blob-store.ts";
import { type IgnoreRules, ignoreRules } from "./ignore-rules.ts";
import { readTreeFile, type TreeFile, walkTree } from "./walk-tree.ts";

export interface BuildOptions {
  readonly directory: string;
  readonly store: BlobStore;
  /** The image is pinned under this name. */
  readonly name: string;
  /** Where in the image the directory is: `app` for /app. Default: its root. */
  readonly prefix?: string;
  readonly ignore?: IgnoreRules;
  readonly platform?: Platform;
  readonly settings?: BuildSettings;
  readonly limits?: Partial<ImageLimits>;
}

/** What a runtime is told about the image. */
export interface BuildSettings {
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly environment?: readonly (readonly [name: string, value: string])[];
  readonly user?: string;
  readonly workingDirectory?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** @throws image_build_failed, image_too_large; DiskError */
export async function buildImage(options: BuildOptions): Promise<StoredImage> {
  const { store, directory } = options;
  const limits = { ...DEFAULT_IMAGE_LIMITS, ...options.limits };
  const platform = options.platform ?? hostPlatform();
  const lease = store.lease();
  try {
    const files = await listFiles(options, limits);
    const archive = (): AsyncGenerator<Uint8Array> => layerArchive(directory, options.prefix ?? "", files);
    // Read twice, so that nothing is written under a name that is not known yet: first to learn the digest, then to store the bytes.
    const layer = await describe(archive(), lease.add);
    await store.receive(layer, (offset) => startingAt(archive(), offset));
    const put = async (mediaType: string, bytes: Uint8Array): Promise<Descriptor> => {
      const descriptor = await describe(oneChunk(bytes), lease.add);
      await store.put(mediaType, bytes);
      return { ...descriptor, mediaType };
    };
    const configBytes = encodeConfig(platform, options.settings ?? {}, [layer.digest]);
    const config = await put(MEDIA.config, configBytes);
    const manifest = await put(MEDIA.manifest, encodeManifest(config, [layer]));
    await store.pin(options.name, manifest);
    return {
      rootDigest: manifest.digest,
      manifestDigest: manifest.digest,
      platforms: [{ ...platform, digest: manifest.digest }],
      config: parseImageConfig(configBytes),
      layers: [layer],
    };
  } finally {
    lease.release();
  }
}

async function listFiles(options: BuildOptions, limits: ImageLimits): Promise<readonly TreeFile[]> {
  const files: TreeFile[] = [];
  let bytes = 0;
  for await (const file of walkTree(options.directory, options.ignore ?? ignoreRules())) {
    files.push(file);
    bytes += file.sizeBytes;
    if (files.length > limits.entries) throw tooLarge("files", limits.entries);
    if (bytes > limits.unpackedBytes) throw tooLarge("unpacked bytes", limits.unpackedBytes);
  }
  return files;
}

async function* layerArchive(
  directory: string,
  prefix: string,
  files: readonly TreeFile[],
): AsyncGenerator<Uint8Array, void, void> {
  const parts = prefix.split("/").filter((part) => part !== "");
  for (let depth = 1; depth <= parts.length; depth++) yield headerOf(DIRECTORY, parts.slice(0, depth).join("/"));
  for (const file of files) {
    yield headerOf(file, [...parts, file.path].join("/"));
    if (file.kind !== "file") continue;
    yield* readTreeFile(directory, file);
    yield new Uint8Array(tarPadding(file.sizeBytes));
  }
  yield TAR_END;
}

const DIRECTORY: TreeFile = { path: "", kind: "directory", executable: true, sizeBytes: 0, linkPath: "" };

function headerOf(file: TreeFile, path: string): Uint8Array {
  const mode = file.kind === "symlink" ? 0o777 : file.executable ? 0o755 : 0o644;
  return tarHeaderBlocks({ ...file, path, mode, uid: 0, gid: 0, modifiedMs: 0 });
}

function encodeConfig(platform: Platform, settings: BuildSettings, diffIds: readonly Digest[]): Uint8Array {
  const { entrypoint, command, environment, user, workingDirectory, labels } = settings;
  return encodeJson({
    created: "1970-01-01T00:00:00Z",
    architecture: platform.architecture,
    os: platform.os,
    variant: platform.variant,
    config: {
      User: user,
      Env: environment?.map(([name, value]) => `${name}=${value}`),
      Entrypoint: entrypoint,
      Cmd: command,
      WorkingDir: workingDirectory,
      Labels: labels && Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))),
    },
    rootfs: { type: "layers", diff_ids: diffIds },
    history: [{ created: "1970-01-01T00:00:00Z", created_by: "biplane" }],
  });
}

async function describe(source: AsyncIterable<Uint8Array>, keep: (digests: Digest[]) => void): Promise<Descriptor> {
  const digester = new Digester();
  let size = 0;
  for await (const chunk of source) {
    digester.update(chunk);
    size += chunk.length;
  }
  const digest = digester.digest();
  keep([digest]);
  return { mediaType: MEDIA.layer, digest, size };
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  yield bytes;
}

async function* startingAt(source: AsyncIterable<Uint8Array>, offset: number): AsyncGenerator<Uint8Array, void, void> {
  let left = offset;
  for await (const chunk of source) {
    if (left < chunk.length) yield chunk.subarray(left);
    left = Math.max(left - chunk.length, 0);
  }
}
