/** A provider's whole body as text. */
import { BodyBroken, BodyTooLarge, type MessageBody } from "#foundation/http1";

/** @returns undefined when it is longer, or breaks off */
export async function readText(body: MessageBody, bytesMax: number): Promise<string | undefined> {
  try {
    return (await body.bytes(bytesMax)).toString("utf8");
  } catch (error) {
    if (error instanceof BodyTooLarge || error instanceof BodyBroken) return undefined;
    throw error;
  }
}
