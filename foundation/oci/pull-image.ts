/** Brings an image into a store: the document, the right platform's manifest, its configuration, its layers; all checked, all within limits. */

import { HttpCallError } from "#foundation/http";
import { systemTimers, type Timers } from "#foundation/runtime";
import type { Digest } from "./content/digest.ts";
import { type ImageConfig, parseImageConfig } from "./content/image-config.ts";
import { type Descriptor, type Manifest, parseDocument } from "./content/manifest.ts";
import {
  formatPlatform,
  hostPlatform,
  type Platform,
  type PlatformDigest,
  platformDigests,
  runsOn,
  selectPlatform,
} from "./content/platform.ts";
import { IMAGE_ERRORS, layerInvalid, pullFailed, tooLarge } from "./errors.ts";
import { DEFAULT_IMAGE_LIMITS, type ImageLimits } from "./limits.ts";
import type { ImageSource } from "./sources/image-source.ts";
import type { BlobStore, Lease } from "./store/blob-store.ts";

export interface PullOptions {
  readonly source: ImageSource;
  readonly store: BlobStore;
  /** The image is pinned under this name when it is complete. */
  readonly name: string;
  readonly platform?: Platform;
  readonly limits?: Partial<ImageLimits>;
  readonly timers?: Timers;
  readonly signal?: AbortSignal;
}

/** An image that is in the store. */
export interface StoredImage {
  /** Of what the reference named: an index or a manifest. */
  readonly rootDigest: Digest;
  /** Of the manifest for the platform. */
  readonly manifestDigest: Digest;
  /** What the index offers; for a single manifest, itself. */
  readonly platforms: readonly PlatformDigest[];
  readonly config: ImageConfig;
  readonly layers: readonly Descriptor[];
}

/** Indexes in indexes: one level is used by real registries. */
const INDEX_DEPTH_MAX = 2;
/** Layers that arrive at the same time. */
const LAYERS_AT_ONCE = 3;

/**
 * Pulls, and pins. What has arrived before a failure stays for the next attempt, until `collect`.
 *
 * @throws image_pull_failed, image_too_large, image_pull_timeout, image_layer_invalid; the reason of `signal`
 */
export async function pullImage(options: PullOptions): Promise<StoredImage> {
  const limits = { ...DEFAULT_IMAGE_LIMITS, ...options.limits };
  const timers = options.timers ?? systemTimers;
  const lease = options.store.lease();
  try {
    return await within(timers, limits.pullTimeoutMs, "image", options.signal, (signal) =>
      new Pull(options, limits, timers, lease, signal).run(),
    );
  } finally {
    lease.release();
  }
}

/** Runs `work` with a signal that ends it in time. @throws image_pull_timeout */
async function within<Result>(
  timers: Timers,
  milliseconds: number,
  what: string,
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  outer?.throwIfAborted();
  const controller = new AbortController();
  const stop = (): void => controller.abort(outer?.reason);
  outer?.addEventListener("abort", stop, { once: true });
  const late = IMAGE_ERRORS.error("image_pull_timeout", {
    message: `The ${what} did not arrive within ${milliseconds} ms. Try again: what has arrived is kept.`,
  });
  const timer = timers.after(milliseconds, () => controller.abort(late));
  const { signal } = controller;
  try {
    return await work(signal);
  } catch (error) {
    // Whatever the interruption looked like from inside, its cause is what the caller needs.
    signal.throwIfAborted();
    if (error instanceof HttpCallError) throw pullFailed("interrupted", "The connection to the registry broke.", error);
    throw error;
  } finally {
    timer.cancel();
    outer?.removeEventListener("abort", stop);
  }
}

class Pull {
  readonly #options: PullOptions;
  readonly #limits: ImageLimits;
  readonly #timers: Timers;
  readonly #lease: Lease;
  readonly #signal: AbortSignal;

  constructor(options: PullOptions, limits: ImageLimits, timers: Timers, lease: Lease, signal: AbortSignal) {
    this.#options = options;
    this.#limits = limits;
    this.#timers = timers;
    this.#lease = lease;
    this.#signal = signal;
  }

  async run(): Promise<StoredImage> {
    const { source, store, name } = this.#options;
    const wanted = this.#options.platform ?? hostPlatform();
    const root = await source.root(this.#signal);
    let current: Descriptor = root;
    let platforms: readonly PlatformDigest[] | undefined;
    let document = await this.#document(root);
    for (let depth = 0; document.kind === "index"; depth++) {
      if (depth >= INDEX_DEPTH_MAX) throw layerInvalid("The image is an index of indexes of indexes.");
      platforms ??= platformDigests(document);
      current = selectPlatform(document, wanted);
      document = await this.#document(current);
    }
    const config = await this.#config(document, wanted);
    await this.#layers(document.layers);
    this.#signal.throwIfAborted();
    await store.pin(name, root);
    return {
      rootDigest: root.digest,
      manifestDigest: current.digest,
      platforms: platforms ?? [{ ...config.platform, digest: current.digest }],
      config,
      layers: document.layers,
    };
  }

  async #document(descriptor: Descriptor) {
    return parseDocument(await this.#bytes(descriptor), descriptor.mediaType);
  }

  async #bytes(descriptor: Descriptor): Promise<Uint8Array> {
    if (descriptor.size > this.#limits.documentBytes) throw tooLarge("bytes of a document", this.#limits.documentBytes);
    await this.#receive(descriptor);
    return await this.#options.store.document(descriptor, this.#limits.documentBytes);
  }

  async #config(manifest: Manifest, wanted: Platform): Promise<ImageConfig> {
    const { layers, compressedBytes } = this.#limits;
    if (manifest.layers.length > layers) throw tooLarge("layers", layers);
    const total = manifest.layers.reduce((sum, layer) => sum + layer.size, manifest.config.size);
    if (total > compressedBytes) throw tooLarge("bytes to fetch", compressedBytes);
    const config = parseImageConfig(await this.#bytes(manifest.config));
    if (config.diffIds.length !== manifest.layers.length) {
      throw layerInvalid(
        `The image has ${manifest.layers.length} layers, but its configuration names ${config.diffIds.length}.`,
      );
    }
    if (!runsOn(config.platform, wanted)) {
      throw pullFailed(
        "platform_missing",
        `The image is made for ${formatPlatform(config.platform)}, not for ${formatPlatform(wanted)}.`,
      );
    }
    return config;
  }

  /** Several at a time; the first failure stops the others. */
  async #layers(layers: readonly Descriptor[]): Promise<void> {
    const ahead = [...new Map(layers.map((layer) => [layer.digest, layer])).values()];
    let failed = false;
    const worker = async (): Promise<void> => {
      for (let layer = ahead.shift(); layer !== undefined && !failed; layer = ahead.shift()) {
        try {
          await this.#receive(layer);
        } catch (error) {
          failed = true;
          throw error;
        }
      }
    };
    const results = await Promise.allSettled(Array.from({ length: LAYERS_AT_ONCE }, worker));
    for (const result of results) if (result.status === "rejected") throw result.reason;
  }

  async #receive(descriptor: Descriptor): Promise<void> {
    const { source, store } = this.#options;
    this.#lease.add([descriptor.digest]);
    await within(
      this.#timers,
      this.#limits.layerTimeoutMs,
      `blob ${descriptor.digest}`,
      this.#signal,
      async (signal) => {
        await store.receive(descriptor, (offset) => source.open(descriptor, offset, signal));
      },
    );
  }
}
