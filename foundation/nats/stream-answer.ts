/** What a stream (JetStream) answers to a message: stored, or not (ADR-1). Pure. */
import { NatsRefused, NatsUnavailable } from "./nats-errors.ts";
import type { StreamAck } from "./nats-message.ts";

/** @returns an error in the place of an acknowledgement */
export function streamAnswer(headers: string, payload: Uint8Array): StreamAck | NatsRefused | NatsUnavailable {
  // Nobody listens to the subject, no stream either.
  if (/^NATS\/1\.0\s+503/.test(headers)) return new NatsRefused("no stream takes this subject");
  let said: unknown;
  try {
    said = JSON.parse(Buffer.from(payload).toString());
  } catch {
    said = undefined;
  }
  if (typeof said !== "object" || said === null) return new NatsRefused("what answers is no stream");
  const { error, stream, seq, duplicate } = said as Readonly<Record<string, unknown>>;
  if (typeof error === "object" && error !== null) return refusal(error as Readonly<Record<string, unknown>>);
  if (typeof stream !== "string" || stream.length > 256 || !Number.isSafeInteger(seq) || (seq as number) < 1) {
    return new NatsRefused("what answers is no stream");
  }
  return { stream, sequence: seq as number, isDuplicate: duplicate === true };
}

function refusal({ code, description }: Readonly<Record<string, unknown>>): NatsRefused | NatsUnavailable {
  const reason = typeof description === "string" ? description.slice(0, 200) : "the stream refuses it";
  return code === 503 ? new NatsUnavailable(reason) : new NatsRefused(reason);
}
