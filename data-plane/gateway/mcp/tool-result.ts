/** The answer of an operation as the result of a tool. Pure. */
import type { PlannedTool } from "#foundation/gateway-artifact";
import type { WholeAnswer } from "../running/inner-call.ts";
import { isJsonType } from "../validation/forms.ts";
import { mediaTypeOf } from "../validation/media-types.ts";
import { isObject } from "./json-rpc.ts";

export interface ToolResult {
  readonly content: readonly Readonly<Record<string, unknown>>[];
  readonly structuredContent?: Readonly<Record<string, unknown>>;
  readonly isError: boolean;
}

/** @param fits whether a value is what the tool says it gives @param uri of what was asked for */
export function toolResult(
  { status, headers, body }: WholeAnswer,
  { outputSchema }: PlannedTool,
  fits: (value: unknown) => boolean,
  uri: string,
): ToolResult {
  const type = mediaTypeOf(headers.get("content-type"));
  const isError = status >= 400;
  const bytes = body ?? new Uint8Array();
  const text = bytes.length === 0 ? `The answer has the status ${status} and no content.` : undefined;
  const value = isJsonType(type) ? jsonIn(bytes) : undefined;
  if (!isError && outputSchema !== undefined && (!isObject(value) || !fits(value))) {
    return errorResult("The answer does not fit its description.");
  }
  const content = text === undefined ? contentOf(bytes, type ?? "", uri) : { type: "text", text };
  // Clients hold what is structured against the schema, and a problem is something else.
  const isStructured = !isError && isObject(value);
  return { content: [content], ...(isStructured ? { structuredContent: value } : {}), isError };
}

export const errorResult = (text: string): ToolResult => ({ content: [{ type: "text", text }], isError: true });

function jsonIn(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return undefined;
  }
}

function contentOf(bytes: Uint8Array, type: string, uri: string): Readonly<Record<string, unknown>> {
  const text =
    isJsonType(type) || type.startsWith("text/") || /[/+]xml$|[/+]yaml$|^$/.test(type) ? utf8(bytes) : undefined;
  if (text !== undefined) return { type: "text", text };
  const data = Buffer.from(bytes).toString("base64");
  if (type.startsWith("image/")) return { type: "image", data, mimeType: type };
  if (type.startsWith("audio/")) return { type: "audio", data, mimeType: type };
  const mimeType = type === "" ? "application/octet-stream" : type;
  return { type: "resource", resource: { uri, mimeType, blob: data } };
}

function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
