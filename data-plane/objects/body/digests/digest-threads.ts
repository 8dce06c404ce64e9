/**
 * Threads that hash large bodies.
 *
 * An S3 upload is hashed at least with MD5 for its entity tag and with one checksum: together 2 s of CPU for each GB, more than everything else that happens
 * to it. On threads of their own, several uploads are hashed at the same time, and receiving and writing go on meanwhile.
 */
import { availableParallelism } from "node:os";
import type { ChecksumAlgorithm } from "#foundation/aws/checksums";
import { workerEntry } from "#foundation/sql";
import { createBufferPool } from "../../memory/buffer-pool.ts";
import type { BodyDigests, BodyHasher } from "./body-hasher.ts";
import { type FromDigestThread, SEGMENT_BYTES, type ToDigestThread } from "./protocol.ts";
import { SegmentSender } from "./segment-sender.ts";

/** More than this would only wait for the event loop, which takes in about 1.3 GB/s, while a thread hashes 0.5 GB/s. */
const THREADS_MAX = 4;
/** Threads are stopped when they had nothing to do for so long; each holds about 10 MB. */
const IDLE_MS = 10_000;
/** Segments of all bodies together: 256 × 256 KiB = 64 MiB. */
const SEGMENTS_MAX = 256;
/** Segments kept for the next bodies: 8 MiB. */
const SEGMENTS_KEPT = 32;

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
  readonly segmentsMax?: number;
}

/** Nothing runs before the first body. */
export function createDigestThreads(options: DigestThreadsOptions = {}): DigestThreads {
  const threadsMax = options.threadsMax ?? Math.max(1, Math.min(THREADS_MAX, availableParallelism() - 1));
  const idleMs = options.idleMs ?? IDLE_MS;
  const threads: Thread[] = [];
  const segments = createBufferPool({
    create: () => new Uint8Array(new SharedArrayBuffer(SEGMENT_BYTES)),
    max: options.segmentsMax ?? SEGMENTS_MAX,
    kept: SEGMENTS_KEPT,
  });
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
    const outcome = Promise.withResolvers<BodyDigests>();
    // A body that is abandoned is awaited by nobody.
    outcome.promise.catch(() => undefined);
    const post = (message: ToDigestThread): void => thread.worker.postMessage(message);
    const sender = new SegmentSender(segments, {
      segment: ({ buffer }, length) => post({ type: "segment", body: number, memory: buffer.buffer, length }),
      hurry: () => post({ type: "hurry", body: number }),
    });
    thread.listeners.set(number, {
      taken: () => sender.taken(),
      finished: outcome.resolve,
      failed(error) {
        sender.fail(error);
        outcome.reject(error);
      },
    });
    post({ type: "begin", body: number, algorithms });

    return {
      update: (piece) => sender.send(piece),
      end() {
        if (sender.failure !== undefined) return;
        sender.flush();
        post({ type: "end", body: number });
      },
      digests: () => outcome.promise,
      abandon() {
        if (!thread.listeners.delete(number)) return;
        sender.fail(new Error("the body was abandoned"));
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
