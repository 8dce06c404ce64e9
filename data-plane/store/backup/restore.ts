import { MalformedBytesError } from "#foundation/binary";
import { type Runtime, sleep } from "#foundation/runtime";
import type { StoreBackend } from "../backend/index.ts";
import { StoreError } from "../errors/index.ts";
import { compareKeys } from "../keys/index.ts";
import { decodeMutations, type PlainMutation } from "../mutations/index.ts";
import type { Transaction } from "../transactions/index.ts";
import { BackupError } from "./backup-error.ts";
import { clipMutation } from "./clip.ts";
import {
  damaged,
  decodeEntries,
  decodeManifest,
  decodePairs,
  KEYS_END,
  MANIFEST_NAME,
  type Manifest,
  type ManifestPart,
  sha256,
} from "./format.ts";
import type { BackupPlace } from "./place.ts";

export interface RestoreOptions {
  readonly place: BackupPlace;
  /** Removes everything that is in the store first. Otherwise it must be empty. */
  readonly clear?: boolean;
  /** About how much a transaction writes, in bytes. Default 1 MB; well below the limit of a transaction. */
  readonly batchBytes?: number;
  /** How long one transaction is tried. Default 60 s. */
  readonly patienceMs?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: RestoreProgress) => void;
}

export interface RestoreProgress {
  /** Everything is looked at before anything is written. */
  readonly phase: "verify" | "write";
  readonly parts: number;
  readonly partsTotal: number;
}

const BATCH_BYTES = 1_000_000;
const BATCH_MUTATIONS = 10_000;
const PATIENCE_MS = 60_000;
const RETRY_MS = 100;
const NO_KEY = new Uint8Array();

/**
 * Makes an empty store hold what a backup does, by ordinary transactions. The store is not to be used meanwhile, and when it fails in between, a part is
 * there: it is begun anew with `clear`.
 *
 * @throws BackupError no_backup, damaged, unknown_format, store_not_empty: nothing was written. StoreError; what the place throws
 */
export async function restore(
  runtime: Pick<Runtime, "timers" | "clock" | "random">,
  store: StoreBackend,
  options: RestoreOptions,
): Promise<Manifest> {
  const { place, onProgress } = options;
  const encoded = await place.get(MANIFEST_NAME);
  if (encoded === undefined) throw new BackupError("no_backup", "There is no backup, or none that came to its end.");
  const manifest = decodeManifest(encoded);
  const partsTotal = manifest.parts.length;
  let newest = 0n;
  for (const [parts, part] of manifest.parts.entries()) {
    onProgress?.({ phase: "verify", parts, partsTotal });
    for (const { version } of await readPart(place, manifest, part)) {
      if (part.team !== undefined) continue;
      if (version <= newest) throw damaged("entries are not in order");
      newest = version;
    }
  }

  const writer = new BatchWriter(runtime, store, options);
  if (options.clear === true) await writer.add({ type: "clear_range", begin: NO_KEY, end: KEYS_END });
  else if (!(await writer.isEmpty())) {
    throw new BackupError("store_not_empty", "The store is not empty, and would hold a mixture of both.");
  }
  for (const [parts, part] of manifest.parts.entries()) {
    onProgress?.({ phase: "write", parts, partsTotal });
    for (const { mutations } of await readPart(place, manifest, part)) {
      for (const mutation of mutations) await writer.add(mutation);
    }
  }
  await writer.end();
  onProgress?.({ phase: "write", parts: partsTotal, partsTotal });
  return manifest;
}

interface Step {
  readonly version: bigint;
  readonly mutations: readonly PlainMutation[];
}

/** What a part has to be done, in order. @throws BackupError damaged */
async function readPart(place: BackupPlace, manifest: Manifest, part: ManifestPart): Promise<readonly Step[]> {
  const { name, team: number, items } = part;
  const source = await place.get(name);
  if (source === undefined) throw damaged(`${name} is missing`);
  if (source.length !== part.bytes || compareKeys(sha256(source), part.sha256) !== 0)
    throw damaged(`${name} is not what was written`);
  try {
    const steps = number === undefined ? entrySteps(manifest, source) : pairSteps(manifest, number, source);
    if (steps.length !== items) throw new MalformedBytesError(`${steps.length} items instead of ${items}`);
    return steps;
  } catch (error) {
    if (!(error instanceof MalformedBytesError)) throw error;
    throw damaged(`${name} cannot be read: ${error.message}`, error);
  }
}

function pairSteps({ teams }: Manifest, number: number, source: Uint8Array): readonly Step[] {
  const { begin, end, version } = teams[number]!;
  return decodePairs(source).map(({ key, value }) => {
    if (compareKeys(key, begin) < 0 || compareKeys(key, end) >= 0)
      throw new MalformedBytesError("a key is outside of its range");
    return { version, mutations: [{ type: "set", key, value }] };
  });
}

function entrySteps({ teams, version: end }: Manifest, source: Uint8Array): readonly Step[] {
  return decodeEntries(source).map(({ version, data }) => {
    const mutations = data.length === 0 ? [] : decodeMutations(data);
    // A log was followed a little further than the backup goes.
    const wanted = version <= end ? mutations.flatMap((one) => clipMutation(one, version, teams)) : [];
    return { version, mutations: wanted };
  });
}

/** Commits mutations in their order, many at a time. One call at a time. */
class BatchWriter {
  private readonly idPrefix: Uint8Array;
  private batches = 0;
  private mutations: PlainMutation[] = [];
  private bytes = 0;

  constructor(
    private readonly runtime: Pick<Runtime, "timers" | "clock" | "random">,
    private readonly store: StoreBackend,
    private readonly options: RestoreOptions,
  ) {
    this.idPrefix = runtime.random.bytes(16);
  }

  async isEmpty(): Promise<boolean> {
    const { pairs } = await this.persistently(async () =>
      this.store.getRange(NO_KEY, KEYS_END, await this.store.getReadVersion(), {
        limit: 1,
        bytesMax: 1,
        reverse: false,
      }),
    );
    return pairs.length === 0;
  }

  async add(mutation: PlainMutation): Promise<void> {
    this.mutations.push(mutation);
    this.bytes += bytesOf(mutation);
    if (this.bytes >= (this.options.batchBytes ?? BATCH_BYTES) || this.mutations.length >= BATCH_MUTATIONS)
      await this.end();
  }

  async end(): Promise<void> {
    if (this.mutations.length === 0) return;
    const { mutations } = this;
    this.mutations = [];
    this.bytes = 0;
    // With the id a batch takes effect once, however often it is sent: sums would be wrong otherwise.
    const idempotencyId = new Uint8Array(this.idPrefix.length + 4);
    idempotencyId.set(this.idPrefix);
    new DataView(idempotencyId.buffer).setUint32(this.idPrefix.length, ++this.batches);
    const transaction: Transaction = {
      readVersion: undefined,
      reads: [],
      // Whoever uses the store nevertheless conflicts.
      writes: [{ begin: NO_KEY, end: KEYS_END }],
      mutations,
      idempotencyId,
    };
    await this.persistently(() => this.store.commit(transaction));
  }

  private async persistently<T>(run: () => Promise<T>): Promise<T> {
    const { clock, timers } = this.runtime;
    const deadlineMs = clock.monotonicMs() + (this.options.patienceMs ?? PATIENCE_MS);
    for (;;) {
      this.options.signal?.throwIfAborted();
      try {
        return await run();
      } catch (error) {
        if (!(error instanceof StoreError) || !(error.retryable || error.maybeCommitted)) throw error;
        if (clock.monotonicMs() >= deadlineMs) throw error;
      }
      await sleep(timers, RETRY_MS, this.options.signal).catch(() => undefined);
    }
  }
}

function bytesOf(mutation: PlainMutation): number {
  if (mutation.type === "clear_range") return mutation.begin.length + mutation.end.length + 16;
  return mutation.key.length + (mutation.type === "clear" ? 0 : mutation.value.length) + 16;
}
