/**
 * The bodies of one thread, hashed segment by segment in turns.
 *
 * MD5 of one body keeps a processor waiting for itself; of several side by side it costs half ({@link Md5Stream.updateTogether}). So a turn takes a segment of each
 * body, and it is put off while some body has none, as long as no sender has to wait for that.
 */
import { type ChecksumAlgorithm, checksumAlgorithms, Md5Stream, MultiHasher } from "#foundation/aws/checksums";
import type { BodyDigests } from "./body-hasher.ts";
import { SEGMENT_BYTES, SEGMENTS } from "./protocol.ts";

/** Segments of one body that wait at most for segments of others: one stays free for its sender to fill. */
const PATIENCE_SEGMENTS = SEGMENTS - 1;

/** Of four segments at once: 256 KiB, which a processor's second cache holds. */
const SLICE_BYTES = 64 * 1024;

interface Hashers {
  /** Set for bodies whose MD5 is computed beside that of others. */
  readonly md5: Md5Stream | undefined;
  readonly others: MultiHasher;
}

interface Body {
  readonly algorithms: readonly ChecksumAlgorithm[];
  /** Chosen at its first turn: by then, most bodies that come together have come. */
  hashers: Hashers | undefined;
  /** Segments that wait, the oldest first. */
  readonly waiting: Uint8Array[];
  /** What waits must not wait for other bodies. */
  hurried: boolean;
  ended: boolean;
}

/** What a turn did. */
export interface Turn {
  /** Bodies, each once for each segment whose memory is free again. */
  readonly taken: readonly number[];
  readonly finished: readonly { readonly body: number; readonly digests: BodyDigests }[];
}

/** Methods take the messages of a sender in order; `turn` does the work. */
export class HashingTurns {
  readonly #bodies = new Map<number, Body>();

  begin(number: number, algorithms: readonly ChecksumAlgorithm[]): void {
    this.#bodies.set(number, { algorithms, hashers: undefined, waiting: [], hurried: false, ended: false });
  }

  /** @param bytes at most `SEGMENT_BYTES`; they must not change until a turn has taken them */
  segment(number: number, bytes: Uint8Array): void {
    this.#bodyOf(number).waiting.push(bytes);
  }

  /** The memory of segments that wait is wanted by others. It may cross with the last digests on their way back. */
  hurry(number: number): void {
    const body = this.#bodies.get(number);
    if (body !== undefined) body.hurried = body.waiting.length > 0;
  }

  end(number: number): void {
    this.#bodyOf(number).ended = true;
  }

  abandon(number: number): void {
    this.#bodies.delete(number);
  }

  /** Hashes one segment each of the bodies whose turn it is, and ends those that have ended. Undefined when nothing is due. */
  turn(): Turn | undefined {
    const due = this.#due();
    const segments: Segment[] = due.map(([, body]) => ({ ...this.#hashersOf(body), bytes: body.waiting.shift()! }));
    for (const [, body] of due) if (body.waiting.length === 0) body.hurried = false;
    for (let at = 0; at < segments.length; at += Md5Stream.together) {
      hashTogether(segments.slice(at, at + Md5Stream.together));
    }
    const finished: Turn["finished"][number][] = [];
    for (const [number, body] of this.#bodies) {
      if (!body.ended || body.waiting.length > 0) continue;
      this.#bodies.delete(number);
      finished.push({ body: number, digests: digestsOf(body.algorithms, this.#hashersOf(body)) });
    }
    return due.length + finished.length > 0 ? { taken: due.map(([number]) => number), finished } : undefined;
  }

  #due(): readonly (readonly [number, Body])[] {
    const all = [...this.#bodies];
    const filled = all.filter(([, { waiting }]) => waiting.length > 0);
    const someHurried = filled.some(([, { ended, hurried, waiting }]) => {
      return ended || hurried || waiting.length >= PATIENCE_SEGMENTS;
    });
    const complete = all.every(([, { ended, hashers, waiting }]) => {
      return ended || (waiting.length > 0 && hashers !== undefined);
    });
    return someHurried || complete ? filled : [];
  }

  #hashersOf(body: Body): Hashers {
    if (body.hashers !== undefined) return body.hashers;
    const { algorithms } = body;
    // A body alone is hashed faster by the runtime's own MD5, whose state cannot be carried over later.
    const beside = this.#bodies.size > 1 && algorithms.includes("MD5") && Md5Stream.supported;
    body.hashers = {
      md5: beside ? new Md5Stream() : undefined,
      others: new MultiHasher(beside ? algorithms.filter((algorithm) => algorithm !== "MD5") : algorithms),
    };
    return body.hashers;
  }

  #bodyOf(number: number): Body {
    const body = this.#bodies.get(number);
    if (body === undefined) throw new Error(`body ${number} was not begun`);
    return body;
  }
}

/** A segment about to be hashed. */
interface Segment extends Hashers {
  readonly bytes: Uint8Array;
}

/** All hashes pass over a slice while the processor still has it near. */
function hashTogether(segments: readonly Segment[]): void {
  const beside = segments.filter(({ md5 }) => md5 !== undefined);
  const streams = beside.map(({ md5 }) => md5!);
  const slice = (bytes: Uint8Array, from: number): Uint8Array => bytes.subarray(from, from + SLICE_BYTES);
  for (let from = 0; from < SEGMENT_BYTES; from += SLICE_BYTES) {
    for (const { bytes, others } of segments) others.update(slice(bytes, from));
    Md5Stream.updateTogether(
      streams,
      beside.map(({ bytes }) => slice(bytes, from)),
    );
  }
}

/** In the order of {@link checksumAlgorithms}, whoever computed them. */
function digestsOf(algorithms: readonly ChecksumAlgorithm[], { md5, others }: Hashers): BodyDigests {
  const digests = new Map(others.digests());
  if (md5 !== undefined) digests.set("MD5", md5.digest());
  const wanted = checksumAlgorithms.filter((algorithm) => algorithms.includes(algorithm));
  return new Map(wanted.map((algorithm) => [algorithm, digests.get(algorithm)!] as const));
}
