/** Bodies of answers that somebody has to see whole. */
import { BodyBroken, BodyTooLarge, MessageBody } from "#foundation/http1";
import type { Answer } from "../message/answer.ts";
import { problem } from "../problems.ts";

/** When the body is longer than `limit`, or breaks off, the answer becomes ours. */
export async function makeWhole(answer: Answer, limit: number): Promise<void> {
  const { body } = answer;
  try {
    if (body instanceof MessageBody) answer.body = await body.bytes(limit);
    else if (body !== null && !(body instanceof Uint8Array)) answer.body = await gather(body, limit);
    else if (body !== null && body.length > limit) throw new BodyTooLarge("It is whole, and too long.");
  } catch (error) {
    if (!(error instanceof BodyBroken || error instanceof BodyTooLarge)) throw error;
    Object.assign(
      answer,
      problem("upstream-invalid", {
        detail:
          error instanceof BodyTooLarge ? "The response is too large to be looked into." : "The response broke off.",
      }),
    );
  }
  answer.length = undefined;
}

/**
 * The body, when it is whole within `limit`. What is longer, or breaks off, goes on as it would have without anybody looking.
 */
export async function lookInto(answer: Answer, limit: number): Promise<Uint8Array | undefined> {
  const { body } = answer;
  if (body === null || body instanceof Uint8Array) return body !== null && body.length <= limit ? body : undefined;
  const rest = body[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    while (length <= limit) {
      const step = await rest.next();
      if (step.done === true) {
        const whole = Buffer.concat(chunks);
        answer.body = whole;
        answer.length = undefined;
        return whole;
      }
      chunks.push(step.value);
      length += step.value.length;
    }
    answer.body = continued(chunks, rest);
  } catch (error) {
    answer.body = continued(chunks, { next: () => Promise.reject(error) });
  }
  return undefined;
}

async function* continued(chunks: readonly Uint8Array[], rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
    for (let step = await rest.next(); step.done !== true; step = await rest.next()) yield step.value;
  } finally {
    await rest.return?.();
  }
}

async function gather(body: AsyncIterable<Uint8Array>, limit: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > limit) throw new BodyTooLarge(`The body is longer than ${limit} octets.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
