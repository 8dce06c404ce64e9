/** What is said in a chat. Pure. */
import { isRecord, type JsonRecord } from "../providers/provider.ts";

/** @returns undefined for what is no JSON object */
export function readBody(bytes: Uint8Array | undefined): JsonRecord | undefined {
  try {
    const body: unknown = JSON.parse(Buffer.from(bytes ?? []).toString("utf8"));
    return isRecord(body) ? body : undefined;
  } catch {
    return undefined;
  }
}

/** What is said in a request, for chats and for responses. @returns undefined where it says nothing of either kind */
export function messagesOf({ messages, instructions, input }: JsonRecord): readonly JsonRecord[] | undefined {
  // Both at once belong to no API, and whoever sends them wants one of them not to be looked at.
  if (messages !== undefined)
    return input === undefined && Array.isArray(messages) && messages.every(isRecord) ? messages : undefined;
  const said = typeof input === "string" ? [{ role: "user", content: input }] : input;
  if (!Array.isArray(said) || !said.every(isRecord)) return undefined;
  return typeof instructions === "string" ? [{ role: "system", content: instructions }, ...said] : said;
}

/** All texts of a message: what is said, in parts too, and what functions are called with. */
export function textsOf(message: JsonRecord): readonly string[] {
  const { content, refusal, tool_calls: calls, function_call: call } = message;
  // Items of responses that are calls, and what came of them.
  const items = [message.arguments, message.input].filter((text) => typeof text === "string");
  const output = typeof message.output === "string" ? [message.output] : partsOf(message.output);
  const said = typeof content === "string" ? [content] : partsOf(content);
  const called = [...(Array.isArray(calls) ? calls : []).map((one: unknown) => isRecord(one) && one.function), call];
  return [
    ...said,
    ...items,
    ...output,
    ...(typeof refusal === "string" ? [refusal] : []),
    ...called.flatMap((one) => (isRecord(one) && typeof one.arguments === "string" ? [one.arguments] : [])),
  ];
}

const partsOf = (parts: unknown): readonly string[] => (Array.isArray(parts) ? parts.flatMap(textOfPart) : []);

function textOfPart(part: unknown): readonly string[] {
  if (typeof part === "string") return [part];
  if (!isRecord(part)) return [];
  return [part.text, part.refusal].filter((text) => typeof text === "string");
}
