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
