import { RpcError, type RpcNode } from "#foundation/rpc";
import { type Runtime, sleep } from "#foundation/runtime";
import type { Layout } from "#foundation/store-protocol";
import { Coordinators } from "../cluster/index.ts";
import { Attempt } from "./attempt.ts";
import { BackupError } from "./backup-error.ts";
import { encodeManifest, MANIFEST_NAME, type Manifest } from "./format.ts";
import type { BackupPlace } from "./place.ts";

export interface BackUpOptions {
  readonly rpc: RpcNode;
  /** `host:port` of each coordinator. */
  readonly coordinators: readonly string[];
  /** Must be empty. */
  readonly place: BackupPlace;
  /** Aborting it ends the backup; what was put stays, without a manifest. */
  readonly signal?: AbortSignal;
  /** A part is put when it has so many bytes. Default 4 MiB. */
  readonly partBytes?: number;
  /** How often it is begun anew when the cluster changes meanwhile. Default 5. */
  readonly attempts?: number;
  /** How long a cluster is waited for that recovers. Default 60 s. */
  readonly patienceMs?: number;
  readonly onProgress?: (progress: BackupProgress) => void;
}

export interface BackupProgress {
  /** From 1. With each one everything begins anew. */
  readonly attempt: number;
  readonly parts: number;
  readonly bytes: number;
  /** Why the attempt before this one was given up. */
  readonly begunAnewAfter?: string;
}

const PART_BYTES = 4 * 1024 * 1024;
const ATTEMPTS = 5;
const PATIENCE_MS = 60_000;
const VIEW_MS = 2_000;
const VIEW_PAUSE_MS = 200;
/** Beginning anew would not help. */
const FINAL: ReadonlySet<string> = new Set(["unauthorized", "incompatible"]);

/**
 * Puts a consistent copy of a cluster into an empty place while the cluster goes on: the state at one version, with everything in it that was acknowledged
 * before the call. The manifest is put last: without it there is no backup.
 *
 * @throws BackupError place_not_empty, gave_up; RpcError cancelled, unauthorized, incompatible; what the place throws
 */
export async function backUpCluster(runtime: Runtime, options: BackUpOptions): Promise<Manifest> {
  const { place, rpc, onProgress } = options;
  const signal = options.signal ?? new AbortController().signal;
  if ((await place.list()).length > 0) {
    throw new BackupError("place_not_empty", "A place holds one backup, and there is something in this one already.");
  }
  const coordinators = new Coordinators(runtime, rpc, options.coordinators);
  let failure: RpcError | undefined;
  for (let number = 1; number <= (options.attempts ?? ATTEMPTS); number++) {
    let parts = 0;
    let bytes = 0;
    const begunAnew = failure === undefined ? {} : { begunAnewAfter: failure.message };
    onProgress?.({ attempt: number, parts, bytes, ...begunAnew });
    try {
      const layout = await runningLayout(runtime, coordinators, signal, options.patienceMs ?? PATIENCE_MS);
      const manifest = await new Attempt({
        runtime,
        rpc,
        place,
        layout,
        number,
        signal,
        partBytes: options.partBytes ?? PART_BYTES,
        onPart: (part) => {
          parts++;
          bytes += part.bytes;
          onProgress?.({ attempt: number, parts, bytes });
        },
      }).run();
      await place.put(MANIFEST_NAME, encodeManifest(manifest));
      return manifest;
    } catch (error) {
      if (!(error instanceof RpcError) || FINAL.has(error.code) || signal.aborted) throw error;
      failure = error;
    }
    for (const name of await place.list()) await place.remove(name);
  }
  throw new BackupError(
    "gave_up",
    `No copy has come to its end while the cluster stayed as it was; the last one failed with: ${failure?.message}`,
    { cause: failure },
  );
}

/** Of a cluster that runs. @throws BackupError gave_up */
async function runningLayout(
  { timers }: Pick<Runtime, "timers">,
  coordinators: Coordinators,
  signal: AbortSignal,
  patienceMs: number,
): Promise<Layout> {
  const patience = new AbortController();
  const timer = timers.after(patienceMs, () => patience.abort());
  const either = AbortSignal.any([signal, patience.signal]);
  try {
    for (;;) {
      const view = await coordinators.ask((one, call) => one.readView({ from: "backup" }, call), {
        signal: either,
        timeoutMs: VIEW_MS,
      });
      if (view.phase === "running" && view.layout !== undefined) return view.layout;
      await sleep(timers, VIEW_PAUSE_MS, either).catch(() => undefined);
    }
  } catch (error) {
    if (!patience.signal.aborted || signal.aborted) throw error;
    throw new BackupError("gave_up", "The cluster does not run.", { cause: error });
  } finally {
    timer.cancel();
  }
}
