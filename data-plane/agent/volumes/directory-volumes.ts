/**
 * Volumes of this node as directories, their backups, and what is restored.
 *
 * A directory keeps no size: what a volume may hold is counted by the control plane and enforced by nobody but the disk. A backup is taken while no instance uses the volume: a directory that is
 * written to cannot be copied at one moment.
 */

import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { NodePlan, NodeReport, SnapshotIntent, SnapshotSource, VolumeIntent } from "#contracts";
import type { AgentLink } from "#data-plane/plan-link";
import { LinkDown } from "#data-plane/plan-link";
import type { Random, Timers } from "#foundation/runtime";
import type { Logger } from "#foundation/telemetry";
import { BackupStoreError, getBackup, OBJECT_BYTES_MAX, putBackup } from "./backup-store.ts";
import { BackupDamaged, ChunkSealer, openChunks } from "./sealed-chunks.ts";

export interface DirectoryVolumesOptions {
  readonly directory: string;
  readonly link: Pick<AgentLink, "ask" | "report">;
  /** Whether an instance of this node uses a volume now. */
  readonly inUse: (volumeId: string) => boolean;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
}

const ID = /^vol_[0-9a-f]{24}$/;
const SNAPSHOT_ID = /^snp_[0-9a-f]{24}$/;

/** A job has failed, for a reason that people are told. */
class JobFailed extends Error {
  readonly reason: string;

  constructor(reason: string, detail: string) {
    super(`${reason}: ${detail}`);
    this.reason = reason;
  }
}

export class DirectoryVolumes {
  readonly #options: DirectoryVolumesOptions;
  readonly #root: string;
  readonly #scratch: string;
  readonly #ready = new Set<string>();
  readonly #jobs = new Map<string, Promise<void>>();
  #closed = false;

  constructor(options: DirectoryVolumesOptions) {
    this.#options = options;
    this.#root = join(options.directory, "volumes");
    this.#scratch = join(options.directory, "backups");
    mkdirSync(this.#root, { recursive: true, mode: 0o700 });
    // What a killed agent was in the middle of begins anew.
    rmSync(this.#scratch, { recursive: true, force: true });
    mkdirSync(this.#scratch, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(this.#root)) {
      if (ID.test(name)) this.#ready.add(name);
      else if (name.endsWith(".partial")) rmSync(join(this.#root, name), { recursive: true, force: true });
    }
  }

  pathOf(volumeId: string): string | undefined {
    return this.#ready.has(volumeId) ? join(this.#root, volumeId) : undefined;
  }

  apply(plan: NodePlan): void {
    for (const volume of plan.volumes) if (ID.test(volume.volumeId)) this.#volume(volume);
    for (const snapshot of plan.snapshots) if (SNAPSHOT_ID.test(snapshot.snapshotId)) this.#snapshot(snapshot);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#jobs.values());
  }

  #volume(volume: VolumeIntent): void {
    const { volumeId, state, restore } = volume;
    if (state === "deleting") this.#job(`delete ${volumeId}`, () => this.#delete(volumeId));
    else if (this.#ready.has(volumeId)) {
      if (state !== "available") this.#say({ about: "volume", volumeId, state: "available" });
    } else if (restore !== undefined) {
      this.#job(`restore ${volumeId}`, () => this.#restore(volumeId, restore.restoreId, restore.snapshot));
    } else if (state === "creating") {
      mkdirSync(join(this.#root, volumeId), { recursive: true, mode: 0o777 });
      this.#ready.add(volumeId);
      this.#say({ about: "volume", volumeId, state: "available" });
    } else if (state === "available") {
      // It was here once: its bytes are not to be replaced by nothing.
      this.#say({ about: "volume", volumeId, state: "error", failedReason: "its directory is gone from this node" });
    }
  }

  async #delete(volumeId: string): Promise<void> {
    if (this.#options.inUse(volumeId)) return;
    this.#ready.delete(volumeId);
    rmSync(join(this.#root, volumeId), { recursive: true, force: true });
    this.#say({ about: "volume", volumeId, state: "deleted" });
  }

  #snapshot(snapshot: SnapshotIntent): void {
    const { snapshotId } = snapshot;
    this.#job(`snapshot ${snapshotId}`, async () => {
      this.#say({ about: "snapshot", snapshotId, status: "running" });
      try {
        const made = await this.#backUp(snapshot);
        this.#say({ about: "snapshot", snapshotId, status: "succeeded", ...made });
      } catch (error) {
        this.#say({ about: "snapshot", snapshotId, status: "failed", failedReason: reasonOf(error) });
      } finally {
        rmSync(join(this.#scratch, snapshotId), { force: true });
      }
    });
  }

  /** Packs, locks, uploads, and reads it back: only what can be restored counts. */
  async #backUp({ snapshotId, volumeId, accountId }: SnapshotIntent) {
    const path = this.pathOf(volumeId);
    if (path === undefined) throw new JobFailed("preflight_failed", "volume_not_found_on_node");
    if (this.#options.inUse(volumeId)) {
      throw new JobFailed("quiesce_failed", "an instance uses the volume: scale its process to 0, and snapshot then");
    }
    const context = { accountId, volumeId, snapshotId };
    const key = await this.#key(snapshotId);
    const file = join(this.#scratch, snapshotId);
    const sealer = new ChunkSealer(key, this.#options.random.bytes(12), context);
    await writeAll(file, sealer.seal(packed(path)));
    const { sizeBytes, sha256, chunks } = sealer.totals;
    const { size } = statSync(file);
    if (size > OBJECT_BYTES_MAX)
      throw new JobFailed("upload_failed", "the backup is larger than an object can be (5 GiB)");
    const access = await this.#access(volumeId);
    const objectKey = `${access.prefix}${snapshotId}.bin`;
    await putBackup(access, objectKey, size, createReadStream(file));
    const found = await hashOf(openChunks(key, context, chunks, await getBackup(access, objectKey)));
    if (found !== sha256) throw new JobFailed("checksum_failed", "what was read back is not what was packed");
    return { consistency: "quiesced" as const, sizeBytes, plaintextSha256: sha256, chunks, objectKey };
  }

  /** Into a directory beside, which takes its name once everything is there and has been checked. */
  async #restore(volumeId: string, restoreId: string, source: SnapshotSource): Promise<void> {
    this.#say({ about: "restore", restoreId, status: "running" });
    const target = join(this.#root, volumeId);
    const partial = `${target}.partial`;
    try {
      rmSync(partial, { recursive: true, force: true });
      mkdirSync(partial, { recursive: true, mode: 0o777 });
      const key = await this.#key(source.snapshotId);
      const access = await this.#access(source.volumeId);
      const opened = openChunks(key, source, source.chunks, await getBackup(access, source.objectKey));
      const found = await unpack(opened, partial);
      if (found !== source.plaintextSha256) throw new JobFailed("integrity_check_failed", "the digest is another one");
      renameSync(partial, target);
      this.#ready.add(volumeId);
      this.#say({ about: "restore", restoreId, status: "succeeded" });
      this.#say({ about: "volume", volumeId, state: "available" });
    } catch (error) {
      rmSync(partial, { recursive: true, force: true });
      const failedReason = reasonOf(error);
      this.#say({ about: "restore", restoreId, status: "failed", failedReason });
      this.#say({ about: "volume", volumeId, state: "error", failedReason });
    }
  }

  async #key(snapshotId: string): Promise<Uint8Array> {
    const answer = await this.#options.link.ask({ ask: "snapshotKey", snapshotId });
    if (answer.ok && answer.ask === "snapshotKey") return Buffer.from(answer.key, "base64");
    throw new JobFailed(answer.ok ? "internal_error" : answer.code, answer.ok ? "another answer came" : answer.message);
  }

  async #access(volumeId: string) {
    const answer = await this.#options.link.ask({ ask: "backups", volumeId });
    if (answer.ok && answer.ask === "backups") return answer.access;
    throw new JobFailed("backup_store_unreachable", answer.ok ? "another answer came" : answer.message);
  }

  /** One job of a name at a time; a plan that says the same again begins nothing. */
  #job(name: string, run: () => Promise<void>): void {
    if (this.#closed || this.#jobs.has(name)) return;
    const job = run()
      .catch((error: unknown) => this.#options.logger.error("a job on a volume has failed", { job: name, error }))
      .finally(() => this.#jobs.delete(name));
    this.#jobs.set(name, job);
  }

  #say(report: NodeReport): void {
    if (!this.#closed) this.#options.link.report(report);
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof JobFailed) return error.message;
  if (error instanceof BackupStoreError) return `${error.reason}: ${error.message}`;
  if (error instanceof BackupDamaged) return `decrypt_failed: ${error.message}`;
  if (error instanceof LinkDown) return `backup_store_unreachable: ${error.message}`;
  return `internal_error: ${error instanceof Error ? error.message : String(error)}`;
}

/** The directory as tar, in an order of its own so that equal directories give equal bytes. */
async function* packed(path: string): AsyncGenerator<Uint8Array, void, void> {
  const tar = Bun.spawn(
    ["tar", "--create", "--sort=name", "--numeric-owner", "--xattrs", "--file=-", "--directory", path, "."],
    {
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  for await (const bytes of tar.stdout) yield bytes;
  if ((await tar.exited) !== 0) throw new JobFailed("snapshot_create_failed", (await tar.stderr.text()).slice(0, 300));
}

/** @returns the digest of what was unpacked, once all of it is on the disk */
async function unpack(bytes: AsyncIterable<Uint8Array>, directory: string): Promise<string> {
  const tar = Bun.spawn(
    ["tar", "--extract", "--preserve-permissions", "--numeric-owner", "--xattrs", "--file=-", "--directory", directory],
    {
      stdio: ["pipe", "ignore", "pipe"],
    },
  );
  const hash = createHash("sha256");
  try {
    for await (const chunk of bytes) {
      hash.update(chunk);
      tar.stdin.write(chunk);
      await tar.stdin.flush();
    }
  } finally {
    await tar.stdin.end();
  }
  if ((await tar.exited) !== 0) throw new JobFailed("write_failed", (await tar.stderr.text()).slice(0, 300));
  await Bun.spawn(["sync", "-f", directory], { stdio: ["ignore", "ignore", "ignore"] }).exited;
  return hash.digest("hex");
}

async function hashOf(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of bytes) hash.update(chunk);
  return hash.digest("hex");
}

async function writeAll(path: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  const file = createWriteStream(path, { mode: 0o600 });
  for await (const chunk of bytes) {
    if (!file.write(chunk)) await new Promise<void>((resolve) => file.once("drain", resolve));
  }
  await new Promise<void>((resolve, reject) => file.end((error?: Error | null) => (error ? reject(error) : resolve())));
}
