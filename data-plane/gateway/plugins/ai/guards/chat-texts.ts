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

/** All texts of a message: what is said, in parts too, and what functions are called with. */
export function textsOf(message: JsonRecord): readonly string[] {
  const { content, refusal, tool_calls: calls, function_call: call } = message;
  const said = typeof content === "string" ? [content] : Array.isArray(content) ? content.flatMap(textOfPart) : [];
  const called = [...(Array.isArray(calls) ? calls : []).map((one: unknown) => isRecord(one) && one.function), call];
  return [
    ...said,
    ...(typeof refusal === "string" ? [refusal] : []),
    ...called.flatMap((one) => (isRecord(one) && typeof one.arguments === "string" ? [one.arguments] : [])),
  ];
}

function textOfPart(part: unknown): readonly string[] {
  if (typeof part === "string") return [part];
  if (!isRecord(part)) return [];
  return [part.text, part.refusal].filter((text) => typeof text === "string");
}
