/** Uploads: small ones in one request, large ones in parts, several at a time. */
import { closeSync, openSync, readSync } from "node:fs";
import { CodedError } from "#foundation/errors";
import type { S3Client } from "../../cli/s3-client.ts";
import { escapeXml, objectOf, textOf } from "../../cli/xml-answer.ts";
import type { S3Location } from "./s3-url.ts";

/**
 * Size of a piece: what one request carries, held in memory and signed with its SHA-256, so that a changed byte is refused. A file is cut into at most 10,000
 * pieces (S3's limit), so the pieces of files above 156 GiB are larger.
 */
const PIECE_BYTES = 16 * 1024 * 1024;
const PIECES_MAX = 10_000;

/** Parts under way at once: 4 × 16 MiB of memory. */
const PARALLEL = 4;

/** A part whose request broke is sent again; parts are idempotent. */
const ATTEMPTS = 3;

export interface Upload {
  readonly to: S3Location;
  /** Pieces in order, each but the last of the same size. */
  readonly pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  readonly contentType: string;
  readonly signal: AbortSignal;
  readonly onBytes: (bytes: number) => void;
}

/** Pieces of a file. @throws the system's error */
export function* piecesOfFile(path: string, size: number): Generator<Uint8Array, void, void> {
  const pieceBytes = Math.max(PIECE_BYTES, Math.ceil(size / PIECES_MAX));
  const file = openSync(path, "r");
  try {
    for (;;) {
      const piece = new Uint8Array(Math.min(pieceBytes, Math.max(1, size)));
      let filled = 0;
      while (filled < piece.length) {
        const read = readSync(file, piece, filled, piece.length - filled, null);
        if (read === 0) break;
        filled += read;
      }
      if (filled > 0) yield piece.subarray(0, filled);
      if (filled < piece.length) return;
    }
  } finally {
    closeSync(file);
  }
}

/** Pieces of standard input. */
export async function* piecesOfInput(): AsyncGenerator<Uint8Array, void, void> {
  let piece = new Uint8Array(PIECE_BYTES);
  let filled = 0;
  for await (const chunk of Bun.stdin.stream()) {
    for (let rest: Uint8Array = chunk; rest.length > 0; ) {
      const part = rest.subarray(0, piece.length - filled);
      piece.set(part, filled);
      filled += part.length;
      rest = rest.subarray(part.length);
      if (filled < piece.length) continue;
      yield piece;
      piece = new Uint8Array(PIECE_BYTES);
      filled = 0;
    }
  }
  if (filled > 0) yield piece.subarray(0, filled);
}

/** Uploads and returns the number of bytes. When it fails, nothing of it stays in the bucket. */
export async function upload(client: S3Client, { to, pieces, contentType, signal, onBytes }: Upload): Promise<number> {
  const iterator = iterate(pieces);
  const headers = [["content-type", contentType]] as const;
  try {
    const first = await iterator.next();
    const second = first.done === true ? first : await iterator.next();
    if (second.done === true) {
      const body = first.done === true ? new Uint8Array(0) : first.value;
      await (await repeated(() => client.call({ method: "PUT", ...to, headers, body, signal }))).discard();
      onBytes(body.length);
      return body.length;
    }
    return await uploadParts(client, to, headers, [first.value!, second.value], iterator, signal, onBytes);
  } finally {
    await iterator.return?.();
  }
}

async function uploadParts(
  client: S3Client,
  to: S3Location,
  headers: readonly (readonly [string, string])[],
  begun: readonly Uint8Array[],
  iterator: AsyncIterator<Uint8Array>,
  signal: AbortSignal,
  onBytes: (bytes: number) => void,
): Promise<number> {
  const created = await client.callXml({ method: "POST", ...to, query: { uploads: "" }, headers, signal });
  const uploadId = textOf(objectOf(created.InitiateMultipartUploadResult).UploadId);
  const etags: string[] = [];
  const waiting = [...begun];
  let taken = 0;
  let bytes = 0;
  let failed = false;

  // Pieces are taken one after the other; the iterator is asked by one worker at a time.
  let turn: Promise<unknown> = Promise.resolve();
  const nextPiece = (): Promise<{ readonly number: number; readonly piece: Uint8Array } | undefined> => {
    const mine = turn.then(async () => {
      if (failed) return undefined;
      const queued = waiting.shift();
      const step = queued === undefined ? await iterator.next() : { done: false as const, value: queued };
      if (step.done === true) return undefined;
      taken++;
      if (taken > PIECES_MAX)
        throw new CodedError("EntityTooLarge", {
          status: 400,
          retryable: false,
          message: `Standard input is longer than ${PIECES_MAX} parts of ${PIECE_BYTES} bytes; write it to a file first.`,
        });
      return { number: taken, piece: step.value };
    });
    turn = mine.catch(() => undefined);
    return mine;
  };
  const work = async (): Promise<void> => {
    for (let next = await nextPiece(); next !== undefined; next = await nextPiece()) {
      const { number, piece } = next;
      const query = { partNumber: number, uploadId };
      const reply = await repeated(() => client.call({ method: "PUT", ...to, query, body: piece, signal }));
      etags[number - 1] = reply.headers.get("etag") ?? "";
      await reply.discard();
      bytes += piece.length;
      onBytes(piece.length);
    }
  };
  try {
    await Promise.all(
      Array.from({ length: PARALLEL }, () =>
        work().catch((error: unknown) => {
          failed = true;
          throw error;
        }),
      ),
    );
    const parts = etags.map(
      (etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${escapeXml(etag)}</ETag></Part>`,
    );
    const body = Buffer.from(
      `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${parts.join("")}</CompleteMultipartUpload>`,
    );
    const answer = await client.callXml({ method: "POST", ...to, query: { uploadId }, body, signal });
    // Completing may fail after the 200 was sent; the answer then holds the error.
    const error = objectOf(answer.Error);
    if (error.Code !== undefined) {
      throw new CodedError(textOf(error.Code), { status: 500, retryable: true, message: textOf(error.Message) });
    }
    return bytes;
  } catch (error) {
    // Without the caller's signal: after an interruption there is still this to do.
    await client.call({ method: "DELETE", ...to, query: { uploadId } }).then(
      (reply) => reply.discard(),
      () => undefined,
    );
    throw error;
  }
}

/** Repeats what broke on the way or was refused for the moment. */
async function repeated<Result>(run: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run();
    } catch (error) {
      const passing = error instanceof CodedError ? error.retryable : isBroken(error);
      if (!passing || attempt === ATTEMPTS) throw error;
      await Bun.sleep(200 * 2 ** attempt);
    }
  }
}

function isBroken(error: unknown): boolean {
  return error instanceof Error && "failure" in error && (error.failure === "broken" || error.failure === "timeout");
}

function iterate(pieces: Upload["pieces"]): AsyncIterator<Uint8Array> {
  if (Symbol.asyncIterator in pieces) return pieces[Symbol.asyncIterator]();
  const iterator = pieces[Symbol.iterator]();
  return {
    next: async () => iterator.next(),
    return: async () => iterator.return?.() ?? { done: true, value: undefined },
  };
}
