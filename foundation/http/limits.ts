/** The limits a server has when nothing else is said. */

import type { HttpLimits } from "./server-types.ts";

const KIB = 1024;
const SECOND = 1000;

export const DEFAULT_LIMITS: HttpLimits = {
  // A presigned request with a session token (~2 KiB), 2 KiB of user metadata and a browser's cookies: 32 KiB is four times that.
  maxHeaderBytes: 32 * KIB,
  maxHeaderCount: 128,
  // An object key of 1,024 bytes percent-encoded (×3) plus a signed query of ~5 KiB, doubled.
  maxTargetLength: 16 * KIB,
  // Below the usual descriptor limit of 16,384 with room for files.
  maxConnections: 12_000,
  headersTimeoutMs: 20 * SECOND,
  bodyIdleTimeoutMs: 30 * SECOND,
  // Longer than the 60 s for which common load balancers keep an idle upstream connection.
  keepAliveTimeoutMs: 65 * SECOND,
  writeIdleTimeoutMs: 120 * SECOND,
  // Cheaper to read than a new connection costs; beyond it the client is better told to stop.
  maxDrainBytes: 256 * KIB,
};

/** Requests of one connection that may wait behind a running one (pipelining); a longer queue cuts the connection. */
export const MAX_PIPELINED = 64;

/** Chunks in which long bodies are written: one wait for the client per chunk, so a client below 512 KiB / 120 s ≈ 4.3 KiB/s is cut. */
export const WRITE_CHUNK_BYTES = 512 * KIB;

/** Unread request bytes kept per exchange before the client is paused: twice what the engine delivers at once. */
export const BODY_HIGH_WATER_BYTES = 256 * KIB;

/** Unread request bytes of all exchanges of the process together from which no further body is received, one after the other as others are read: 64 MiB. */
export const BODIES_HIGH_WATER_BYTES = 64 * 1024 * KIB;

/**
 * What answers that wait for their clients hold in memory, all of the process together: 128 MiB, eight of the largest whole answers (BatchGetItem, 16 MB).
 * Beyond it the connection is cut whose client has taken nothing for the longest time. From half of it on, files are sent in small chunks.
 */
export const ANSWERS_HIGH_WATER_BYTES = 128 * 1024 * KIB;

/** Answers that hold no more than this while they wait are not counted: with all connections waiting they hold 12,000 × 64 KiB = 750 MiB. */
export const SMALL_ANSWER_BYTES = 64 * KIB;

/** Chunks of files while memory is short: two of them are a small answer. */
export const SCARCE_CHUNK_BYTES = SMALL_ANSWER_BYTES / 2;

/** What the engine delivers at once, at most. */
export const BODY_DELIVERY_BYTES = 512 * KIB;

/** Bodies up to this are received whatever waits: they are read whole, and at once. */
export const SMALL_BODY_BYTES = 64 * KIB;

/** How long a refused upload is still read and dropped, so that the client sees the answer before the connection resets (RFC 9112 §9.6). */
export const LINGER_MS = 2 * SECOND;
