/** Inputs from REST requests: labels, headers, query, payload. */

import { createJsonDecoders } from "../json/decode-json.ts";
import { parseJsonBody } from "../json/parse-body.ts";
import type { Member, RoutedOperation } from "../model/shapes.ts";
import { parseForm } from "../query/parse-form.ts";
import { MalformedInput } from "../values/malformed-input.ts";
import { setOwn } from "../values/records.ts";
import type { StreamingBody, WireRequest } from "../wire.ts";
import { decodeXml } from "../xml/decode-xml.ts";
import { rootName } from "../xml/encode-xml.ts";
import { parseXml } from "../xml/parse-xml.ts";
import { bodyPart, type RestInputPlan, restInputPlan } from "./rest-input-plan.ts";

const jsonDecoders = createJsonDecoders(true);
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Decodes a request of restXml or restJson1. Throws `MalformedInput`. */
export function decodeRest(
  routed: RoutedOperation,
  request: WireRequest,
  body: Uint8Array | StreamingBody,
): Record<string, unknown> {
  const { operation } = routed;
  const plan = restInputPlan(operation);
  const input: Record<string, unknown> = {};
  for (const label of plan.labels) {
    const text = routed.labels[label.name];
    if (text !== undefined) input[label.name] = label.read(text);
  }
  readHeaders(plan, request, input);
  if (plan.query.length > 0 || plan.queryParams !== undefined) readQuery(plan, request.query, input);
  if (plan.payload !== undefined) {
    const payload = readPayload(routed, plan.payload, body);
    if (payload !== undefined) input[plan.payload.name] = payload;
  } else if (plan.hasBody) {
    const bytes = wholeBody(body);
    if (bytes.length > 0) Object.assign(input, readBody(routed, bytes));
  }
  return input;
}

function readHeaders(plan: RestInputPlan, request: WireRequest, input: Record<string, unknown>): void {
  const { raw } = request.headers;
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const lowerName = (raw[index] ?? "").toLowerCase();
    const reader = plan.headers[lowerName];
    if (reader !== undefined) {
      for (const member of reader.members) {
        if (input[member.name] !== undefined) continue;
        readHeader(member, request.headers.get(lowerName) ?? "", input);
      }
    }
    for (const { name, lowerPrefix } of plan.prefixHeaders) {
      if (!lowerName.startsWith(lowerPrefix)) continue;
      const map = (input[name] ?? {}) as Record<string, unknown>;
      // An empty prefix takes every header, under the name as it was sent.
      setOwn(map, lowerName.slice(lowerPrefix.length), request.headers.get(lowerName) ?? "");
      input[name] = map;
    }
  }
}

function readHeader(
  member: { readonly name: string; readonly lenient: boolean; readonly read: (text: string) => unknown },
  text: string,
  input: Record<string, unknown>,
): void {
  try {
    input[member.name] = member.read(text);
  } catch (error) {
    if (!(error instanceof MalformedInput) || !(member.lenient || text === "")) throw error;
  }
}

function readQuery(plan: RestInputPlan, query: string, input: Record<string, unknown>): void {
  const pairs = parseForm(query, "query");
  for (const reader of plan.query) {
    for (const [name, value] of pairs) {
      if (name !== reader.wireName || (value === "" && reader.emptyIsAbsent)) continue;
      if (!reader.list) {
        input[reader.name] = reader.read(value);
        break;
      }
      const list = input[reader.name];
      if (Array.isArray(list)) list.push(reader.read(value));
      else input[reader.name] = [reader.read(value)];
    }
  }
  if (plan.queryParams === undefined) return;
  const { name: memberName, lists, literal } = plan.queryParams;
  const map: Record<string, unknown> = {};
  for (const [name, value] of pairs) {
    if (literal.has(name)) continue;
    const known = Object.hasOwn(map, name) ? map[name] : undefined;
    if (!lists) {
      if (known === undefined) setOwn(map, name, value);
    } else if (Array.isArray(known)) known.push(value);
    else setOwn(map, name, [value]);
  }
  if (Object.keys(map).length > 0) input[memberName] = map;
}

function readPayload(routed: RoutedOperation, member: Member, body: Uint8Array | StreamingBody): unknown {
  const { shape } = member;
  if (shape.kind === "blob" && shape.streaming) return body instanceof Uint8Array ? oneChunk(body) : body;
  const bytes = wholeBody(body);
  if (bytes.length === 0) return undefined;
  if (shape.kind === "blob") return bytes;
  if (shape.kind === "string") return decodeText(bytes);
  if (routed.protocol === "restJson1") return jsonDecoders.member(member)(parsePayloadJson(bytes), 0);
  const root = parseXml(bytes);
  const expected = rootName(member);
  if (root.name !== expected) throw new MalformedInput(`<${root.name}> stands where <${expected}> belongs`);
  return decodeXml(shape, root);
}

function readBody(routed: RoutedOperation, bytes: Uint8Array): unknown {
  const { input } = routed.operation;
  if (routed.protocol === "restJson1") return jsonDecoders.body(input)(parseJsonBody(bytes, input), 0);
  return decodeXml(bodyPart(input), parseXml(bytes));
}

function parsePayloadJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch (error) {
    throw new MalformedInput(error instanceof Error ? error.message : String(error), { syntax: true });
  }
}

function decodeText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new MalformedInput("the body is not UTF-8", { syntax: true });
  }
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}

/** The bytes of an operation without a streaming payload. */
function wholeBody(body: Uint8Array | StreamingBody): Uint8Array {
  if (body instanceof Uint8Array) return body;
  throw new TypeError("an operation without a streaming payload is decoded from all bytes of its body");
}
