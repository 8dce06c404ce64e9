/**
 * Releases on this node: fetched once, checked against their digests, unpacked once, shared by all instances that run them.
 *
 * A tree counts as there only with its marker, which is written after the disk has it all: what a power cut has left half is made again.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import type { WorkloadSpec } from "#contracts";
import { readFileIfThere, writePrivateFile } from "#foundation/files";
import { type BlobStore, type ImageConfig, openBlobStore, pullImage, unpackImage } from "#foundation/oci";
import type { Logger } from "#foundation/telemetry";
import { type Access, objectSource } from "./object-source.ts";

/** A release that can be run. */
export interface UnpackedRelease {
  readonly rootDirectory: string;
  readonly config: Pick<
    ImageConfig,
    "entrypoint" | "command" | "environment" | "user" | "workingDirectory" | "stopSignal"
  >;
}

/** Releases that nothing runs stay this many, the ones used last: going back to one is then a matter of milliseconds. */
const UNUSED_KEPT = 20;

export class ReleaseStore {
  readonly #directory: string;
  readonly #logger: Logger;
  readonly #making = new Map<string, Promise<UnpackedRelease>>();
  #blobs: Promise<BlobStore> | undefined;

  constructor(directory: string, logger: Logger) {
    this.#directory = directory;
    this.#logger = logger;
    mkdirSync(join(directory, "trees"), { recursive: true, mode: 0o755 });
  }

  /** The release, fetched and unpacked if need be. Who asks while it is being made gets the same. @throws CodedError with a reason of images */
  release(image: WorkloadSpec["image"], access: Access, signal: AbortSignal): Promise<UnpackedRelease> {
    const there = this.#find(image.digest);
    if (there !== undefined) return Promise.resolve(there);
    let making = this.#making.get(image.digest);
    if (making === undefined) {
      making = this.#make(image, access, signal).finally(() => this.#making.delete(image.digest));
      this.#making.set(image.digest, making);
    }
    return making;
  }

  #paths(digest: string): { readonly tree: string; readonly marker: string } {
    const name = digest.replace(/^sha256:/, "");
    return { tree: join(this.#directory, "trees", name), marker: join(this.#directory, "trees", `${name}.json`) };
  }

  #find(digest: string): UnpackedRelease | undefined {
    const { tree, marker } = this.#paths(digest);
    const text = readFileIfThere(marker);
    if (text === undefined || !existsSync(tree)) return undefined;
    const now = new Date();
    utimesSync(marker, now, now);
    return { rootDirectory: tree, config: JSON.parse(text) as UnpackedRelease["config"] };
  }

  async #make(image: WorkloadSpec["image"], access: Access, signal: AbortSignal): Promise<UnpackedRelease> {
    const { tree, marker } = this.#paths(image.digest);
    const store = await this.#store();
    const stored = await pullImage({ source: objectSource(access, image.digest), store, name: image.digest, signal });
    if (existsSync(tree)) {
      // Without a marker: half of it, from before a power cut. Nothing runs from it that has not been checked.
      renameSync(tree, `${tree}.old`);
      rmSync(`${tree}.old`, { recursive: true, force: true });
    }
    await unpackImage({ store, image: stored, target: tree, signal });
    const { entrypoint, command, environment, user, workingDirectory, stopSignal } = stored.config;
    const config = {
      entrypoint,
      command,
      environment,
      user,
      workingDirectory,
      ...(stopSignal === undefined ? {} : { stopSignal }),
    };
    void this.#mark(tree, marker, config);
    await store.unpin(image.digest);
    void store.collect().catch((error: unknown) => this.#logger.warn("blobs could not be tidied away", { error }));
    return { rootDirectory: tree, config: config as UnpackedRelease["config"] };
  }

  /** The marker follows the files to the disk; an instance need not wait for that. */
  async #mark(tree: string, marker: string, config: object): Promise<void> {
    try {
      await Bun.spawn(["sync", "-f", tree], { stdio: ["ignore", "ignore", "ignore"] }).exited;
      writePrivateFile(marker, JSON.stringify(config));
    } catch (error) {
      this.#logger.warn("a release could not be made durable; it is made again after a restart", { tree, error });
    }
  }

  #store(): Promise<BlobStore> {
    this.#blobs ??= openBlobStore(join(this.#directory, "blobs"));
    return this.#blobs;
  }

  /** Removes what nothing runs any more, except the last ones. @param used digests that instances run */
  tidy(used: ReadonlySet<string>): void {
    const folder = join(this.#directory, "trees");
    const unused = readdirSync(folder)
      .filter((name) => name.endsWith(".json"))
      .map((name) => ({ name: name.slice(0, -5), at: statSync(join(folder, name)).mtimeMs }))
      .filter(({ name }) => !used.has(`sha256:${name}`) && !this.#making.has(`sha256:${name}`))
      .sort((left, right) => right.at - left.at);
    for (const { name } of unused.slice(UNUSED_KEPT)) {
      rmSync(join(folder, `${name}.json`), { force: true });
      rmSync(join(folder, name), { recursive: true, force: true });
    }
  }
}
