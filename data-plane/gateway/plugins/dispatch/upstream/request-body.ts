/** The body of a client's request on its way to a server. */
import type { BodyFailure, ClientExchange, MessageBody } from "#foundation/http1";
import type { Answer } from "../../../message/answer.ts";
import { passedTrailers } from "../../../message/trailers.ts";
import { problem } from "../../../problems.ts";

/** Methods whose requests have no body by themselves are sent without `Content-Length: 0`. */
export function bodyOf(method: string, bytes: Uint8Array | undefined): Uint8Array | null {
  if (bytes === undefined || bytes.length > 0) return bytes ?? null;
  return method === "GET" || method === "HEAD" || method === "DELETE" || method === "OPTIONS" ? null : bytes;
}

/**
 * For `onWritable`: begins to write the body, or goes on; the slower side sets the pace.
 * @param onBroken the client's body will have no end; half of it must not look like a whole one
 */
export function writeBody(body: MessageBody, upstream: ClientExchange, onBroken: (failure: BodyFailure) => void): void {
  if (body.isRead) {
    body.resume();
    return;
  }
  body.read({
    onData(bytes) {
      if (!upstream.write(bytes)) body.pause();
    },
    onEnd: (trailers) => upstream.end(passedTrailers(trailers)),
    onFailure: onBroken,
  });
}

/** What is told, if anybody still listens. */
export function brokenBodyAnswer(failure: BodyFailure): Answer {
  return failure.kind === "too-large"
    ? problem("payload-too-large")
    : problem("bad-request", { detail: "The body is not complete." });
}
