/**
 * Threads that hash large bodies.
 *
 * An S3 upload is hashed at least with MD5 for its entity tag and with one checksum: together 2 s of CPU for each GB, more than everything else that happens
 * to it. On threads of their own, several uploads are hashed at the same time, and receiving and writing go on meanwhile.
 */
import { availableParallelism } from "node:os";
import type { ChecksumAlgorithm } from "#foundation/aws/checksums";
import { workerEntry } from "#foundation/sql";
import type { BodyDigests, BodyHasher } from "./body-hasher.ts";
import { type FromDigestThread, SEGMENT_BYTES, SEGMENTS, type ToDigestThread } from "./protocol.ts";

/** More than this would only wait for the event loop, which takes in about 1.3 GB/s, while a thread hashes 0.5 GB/s. */
const THREADS_MAX = 4;
/** Threads are stopped when they had nothing to do for so long; each holds about 10 MB. */
const IDLE_MS = 10_000;
/** Shared memories kept for the next bodies: 8 MiB. */
const SPARE_MEMORIES_MAX = 8;

export interface DigestThreads {
  /** Begins a body on the thread that has the fewest. */
  begin(algorithms: readonly ChecksumAlgorithm[]): BodyHasher;
  /** Threads that run now. */
  readonly running: number;
  /** Stops all threads; bodies under way fail. Threads start again when needed. */
  stop(): void;
}

/** A body's side of its thread. */
interface Listener {
  taken(): void;
  finished(digests: BodyDigests): void;
  failed(error: Error): void;
}

interface Thread {
  readonly worker: Worker;
  readonly listeners: Map<number, Listener>;
}

export interface DigestThreadsOptions {
  /** Default: a processor is left to the event loop, and there are at most four. */
  readonly threadsMax?: number;
  readonly idleMs?: number;
}

/** Nothing runs before the first body. */
export function createDigestThreads(options: DigestThreadsOptions = {}): DigestThreads {
  const threadsMax = options.threadsMax ?? Math.max(1, Math.min(THREADS_MAX, availableParallelism() - 1));
  const idleMs = options.idleMs ?? IDLE_MS;
  const threads: Thread[] = [];
  const memories: SharedArrayBuffer[] = [];
  let numbers = 0;
  let idle: ReturnType<typeof setTimeout> | undefined;

  const fail = (thread: Thread, error: Error): void => {
    const index = threads.indexOf(thread);
    if (index >= 0) threads.splice(index, 1);
    thread.worker.terminate();
    for (const listener of thread.listeners.values()) listener.failed(error);
    thread.listeners.clear();
  };
  const stop = (): void => {
    clearTimeout(idle);
    for (const thread of [...threads]) fail(thread, new Error("the digest threads were stopped"));
    memories.length = 0;
  };
  const stopWhenIdle = (): void => {
    clearTimeout(idle);
    if (threads.some(({ listeners }) => listeners.size > 0)) return;
    idle = setTimeout(stop, idleMs);
    idle.unref();
  };

  const start = (): Thread => {
    const worker = new Worker(workerEntry("data-plane/objects/body/digests/digests.worker.ts"), { type: "module" });
    // Hashing alone is no reason for the process to stay.
    worker.unref();
    const thread: Thread = { worker, listeners: new Map() };
    worker.onmessage = ({ data: message }: MessageEvent<FromDigestThread>) => {
      if (message.type === "taken") {
        for (const body of message.bodies) thread.listeners.get(body)?.taken();
        return;
      }
      const listener = thread.listeners.get(message.body);
      thread.listeners.delete(message.body);
      listener?.finished(new Map(message.digests));
      stopWhenIdle();
    };
    worker.onerror = (event) => fail(thread, new Error(`a digest thread failed: ${event.message}`));
    threads.push(thread);
    return thread;
  };

  const leastBusy = (): Thread => {
    let chosen: Thread | undefined;
    for (const thread of threads) {
      if (chosen === undefined || thread.listeners.size < chosen.listeners.size) chosen = thread;
    }
    if (chosen !== undefined && (chosen.listeners.size === 0 || threads.length >= threadsMax)) return chosen;
    return start();
  };

  const begin = (algorithms: readonly ChecksumAlgorithm[]): BodyHasher => {
    clearTimeout(idle);
    const thread = leastBusy();
    const number = numbers++;
    const memory = memories.pop() ?? new SharedArrayBuffer(SEGMENTS * SEGMENT_BYTES);
    const bytes = new Uint8Array(memory);
    const outcome = Promise.withResolvers<BodyDigests>();
    // A body that is abandoned is awaited by nobody.
    outcome.promise.catch(() => undefined);
    let failure: Error | undefined;
    let turn = 0;
    let filled = 0;
    let waiting = 0;
    let room: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;

    const post = (message: ToDigestThread): void => thread.worker.postMessage(message);
    const openRoom = (): void => {
      room?.resolve();
      room = undefined;
    };
    thread.listeners.set(number, {
      taken() {
        waiting -= 1;
        openRoom();
      },
      finished(digests) {
        // The thread has read all of it; an abandoned body's memory is not used again, because the thread may still be reading it.
        if (memories.length < SPARE_MEMORIES_MAX) memories.push(memory);
        outcome.resolve(digests);
      },
      failed(error) {
        failure = error;
        openRoom();
        outcome.reject(error);
      },
    });
    post({ type: "begin", body: number, algorithms, memory });

    const flush = (): void => {
      if (filled === 0) return;
      post({ type: "segment", body: number, length: filled });
      waiting += 1;
      turn = (turn + 1) % SEGMENTS;
      filled = 0;
    };
    const hasRoom = (): boolean => waiting < SEGMENTS || failure !== undefined;
    const untilRoom = async (): Promise<void> => {
      while (!hasRoom()) {
        room ??= Promise.withResolvers<void>();
        await room.promise;
      }
    };
    /** As much as fits; returns how much that was. */
    const fill = (piece: Uint8Array): number => {
      let taken = 0;
      while (taken < piece.length && hasRoom()) {
        if (failure !== undefined) throw failure;
        const part = piece.subarray(taken, taken + SEGMENT_BYTES - filled);
        bytes.set(part, turn * SEGMENT_BYTES + filled);
        filled += part.length;
        taken += part.length;
        if (filled === SEGMENT_BYTES) flush();
      }
      return taken;
    };
    /** The rest of a piece that was larger than the room; a copy, because the piece may be reused. */
    const fillLater = async (rest: Uint8Array): Promise<void> => {
      let left = rest;
      while (left.length > 0 && failure === undefined) {
        await untilRoom();
        if (failure === undefined) left = left.subarray(fill(left));
      }
    };

    return {
      update(piece) {
        if (failure !== undefined) throw failure;
        const taken = fill(piece);
        // Not `slice`: a Buffer's is a view.
        if (taken < piece.length) return fillLater(new Uint8Array(piece.subarray(taken)));
        return hasRoom() ? undefined : untilRoom();
      },
      end() {
        if (failure !== undefined) return;
        flush();
        post({ type: "end", body: number });
      },
      digests: () => outcome.promise,
      abandon() {
        if (!thread.listeners.delete(number)) return;
        post({ type: "abandon", body: number });
        stopWhenIdle();
      },
    };
  };

  return {
    begin,
    get running() {
      return threads.length;
    },
    stop,
  };
}
