import type { Client, Handlers, Ref } from "#foundation/rpc";
import type { Runtime } from "#foundation/runtime";
import type { LOG } from "#foundation/store-protocol";
import { LogCorruptionError } from "./disk/corruption.ts";
import { TEMPORARY } from "./disk/files.ts";
import { beginSegments, numbersIn, type OpenedSegments, openSegments } from "./disk/open-segments.ts";
import type { SegmentsOptions } from "./disk/segments.ts";
import { type LogState, loadState, saveState } from "./disk/state-file.ts";
import { History } from "./history.ts";
import { DEFAULT_CACHE_BYTES, DEFAULT_SEGMENT_BYTES, DEFAULT_WAITING_BYTES_MAX, SEGMENT_BYTES_MAX } from "./limits.ts";
import { Log } from "./log.ts";

export interface LogOptions {
  /** Which log this is; on disk it stays this one for ever. */
  readonly id: string;
  /** Absolute, for this log alone; made when it is not there. One log at a time has it open. */
  readonly directory: string;
  /** How the sources of a recovery are reached. */
  readonly clientOf: (ref: Ref) => Pick<Client<typeof LOG>, "pull">;
  /** A new segment file is begun when the last one has reached so many bytes. Trimming removes whole segments. Default 64 MiB. */
  readonly segmentBytes?: number;
  /** How much of the newest entries is kept in memory. Default 32 MiB. */
  readonly cacheBytes?: number;
  /** How much may wait to be written; pushes beyond it are refused. Default 256 MiB. */
  readonly waitingBytesMax?: number;
}

/** An open log. */
export interface LogServer {
  readonly handlers: Handlers<typeof LOG>;
  /**
   * Resolves with the reason when the log has failed, and never otherwise: then it takes nothing any more, and is opened anew, or given up when the reason is
   * `LogCorruptionError`.
   */
  readonly failed: Promise<unknown>;
  /** Ends everything that waits, finishes what is being written, and closes the files. */
  close(): Promise<void>;
}

/**
 * Opens the log of a directory, or begins a new one: locked, until the director of its epoch activates it.
 * @throws LogCorruptionError when something is missing that was confirmed; DiskError
 */
export async function openLog(
  runtime: Pick<Runtime, "disk" | "timers" | "hooks">,
  options: LogOptions,
): Promise<LogServer> {
  const { id, directory, clientOf } = options;
  const { disk } = runtime;
  const segmentBytes = options.segmentBytes ?? DEFAULT_SEGMENT_BYTES;
  if (segmentBytes > SEGMENT_BYTES_MAX) throw new RangeError(`a segment has at most ${SEGMENT_BYTES_MAX} bytes`);
  const files = { directory, logId: id, segmentBytes };
  await makeDirectory(runtime, directory);
  const { state, opened } = await openFiles(runtime, files);
  const { promise: failed, resolve: onFailure } = Promise.withResolvers<unknown>();
  const log = new Log({
    runtime,
    directory,
    clientOf,
    state,
    history: new History(disk, opened, options.cacheBytes ?? DEFAULT_CACHE_BYTES),
    waitingBytesMax: options.waitingBytesMax ?? DEFAULT_WAITING_BYTES_MAX,
    onFailure,
  });
  return { handlers: handlersOf(log), failed, close: () => log.close() };
}

async function makeDirectory({ disk }: Pick<Runtime, "disk">, directory: string): Promise<void> {
  if (!(await disk.exists(directory))) await disk.makeDirectory(directory);
  // Also when it was there: whoever made it may have lost power before this.
  await disk.syncDirectory(directory.slice(0, directory.lastIndexOf("/")) || "/");
}

async function openFiles(
  { disk, hooks }: Pick<Runtime, "disk" | "hooks">,
  files: SegmentsOptions,
): Promise<{ readonly state: LogState; readonly opened: OpenedSegments }> {
  const { directory, logId } = files;
  for (const name of await disk.readDirectory(directory)) {
    if (name.endsWith(TEMPORARY)) await disk.unlink(`${directory}/${name}`);
  }
  let state = await loadState(disk, directory);
  if (state === undefined) {
    const isNew = (await numbersIn(disk, directory)).length === 0;
    if (!isNew) throw new LogCorruptionError(`${directory}/state`, 0, "the state of the log is missing");
    state = { logId, epoch: 0n, director: "", unfinished: true, lastVersion: 0n, finalizedEpoch: 0n, poppers: [] };
    await saveState(disk, directory, state);
  }
  if (state.logId !== logId) {
    throw new LogCorruptionError(`${directory}/state`, 0, `this is the log ${state.logId}, not ${logId}`);
  }
  if (!state.unfinished) {
    // What is read may not be on disk yet, when the process was killed while it was being put there.
    await saveState(disk, directory, state);
    return { state, opened: await openSegments(disk, files, state.lastVersion) };
  }
  hooks.probe("log.unfinished");
  const segments = await beginSegments(disk, files);
  state = { ...state, unfinished: false, lastVersion: 0n };
  await saveState(disk, directory, state);
  return { state, opened: { segments, knownCommitted: 0n } };
}

function handlersOf(log: Log): Handlers<typeof LOG> {
  return {
    lock: (request) => log.lock(request),
    recoverFrom: (request) => log.recoverFrom(request),
    activate: (request) => log.activate(request),
    confirmRunning: (request) => log.confirmRunning(request),
    push: (request) => log.push(request),
    pull: (request) => log.pull(request),
    finalize: (request) => log.finalize(request),
    pop: (request) => log.pop(request),
    setPoppers: (request) => log.setPoppers(request),
    info: (request) => log.info(request),
  };
}
