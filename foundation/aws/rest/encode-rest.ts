/** REST answers from outputs: status, headers, payload. */

import { type Dialect, dialectOf } from "../dialect.ts";
import { encodeEventStream } from "../event-stream/encode-event-stream.ts";
import { createJsonEncoders } from "../json/encode-json.ts";
import type { Member, RoutedOperation, StructureShape } from "../model/shapes.ts";
import { mismatch } from "../values/mismatch.ts";
import { isRecord } from "../values/records.ts";
import type { HeaderList, ResponseBody, WireResponse } from "../wire.ts";
import { escapeAttribute } from "../xml/escape-xml.ts";
import { xmlEncodersOf } from "../xml/protocol-encoders.ts";
import { type RestOutputPlan, restOutputPlan } from "./rest-output-plan.ts";

const json = createJsonEncoders(true);

/** First line of S3's documents. */
export const xmlDeclaration = '<?xml version="1.0" encoding="UTF-8"?>\n';

/**
 * Encodes an output.
 *
 * @param headers those that every answer has (request ids); the output's own follow
 */
export function encodeRest(
  routed: RoutedOperation,
  output: Readonly<Record<string, unknown>>,
  headers: HeaderList,
): WireResponse {
  const { operation } = routed;
  const plan = restOutputPlan(operation.output);
  const list: (readonly [string, string])[] = [...headers];
  writeOutputHeaders(plan, output, list);
  const status = plan.statusMember === undefined ? undefined : output[plan.statusMember];
  const length = plan.lengthMember === undefined ? undefined : output[plan.lengthMember];
  const [body, contentType] = encodeBody(routed, plan, output);
  // A modelled Content-Type wins over the one of the format.
  if (contentType !== undefined && !list.some(([name]) => name.toLowerCase() === "content-type")) {
    list.push(["Content-Type", contentType]);
  }
  return {
    status: typeof status === "number" ? status : operation.statusCode,
    headers: list,
    body,
    ...(typeof length === "number" && { contentLength: length }),
  };
}

/** Appends the headers that a structure's members are bound to. Exported for errors, whose members may be headers too. */
export function writeOutputHeaders(
  plan: RestOutputPlan,
  output: Readonly<Record<string, unknown>>,
  list: (readonly [string, string])[],
): void {
  const written = new Set<string>();
  for (const key in output) {
    const value = output[key];
    if (value === undefined || value === null) continue;
    const header = plan.headers[key];
    if (header !== undefined) {
      // Two members may share a header (`Expires` and its raw text): the text, when there, is exact.
      if (written.has(header.name)) {
        if (typeof value !== "string") continue;
        const index = list.findIndex(([name]) => name === header.name);
        list.splice(index, 1);
      }
      written.add(header.name);
      list.push([header.name, headerText(header.write(value))]);
      continue;
    }
    const prefixed = plan.prefixHeaders[key];
    if (prefixed === undefined) continue;
    if (!isRecord(value)) throw mismatch("map", value);
    for (const [name, item] of Object.entries(value)) {
      if (typeof item === "string") list.push([prefixed.prefix + name, headerText(item)]);
    }
  }
}

/** Line breaks would end the header and begin another: they become spaces (RFC 9110 section 5.5). */
function headerText(text: string): string {
  return /[\r\n\0]/.test(text) ? text.replace(/[\r\n\0]+/g, " ") : text;
}

function encodeBody(
  routed: RoutedOperation,
  plan: RestOutputPlan,
  output: Readonly<Record<string, unknown>>,
): readonly [ResponseBody, string | undefined] {
  if (plan.payload !== undefined) {
    const value = output[plan.payload.name];
    return value === undefined || value === null ? [null, undefined] : encodePayload(routed, plan.payload, value);
  }
  if (routed.protocol === "restJson1" && !routed.operation.outputIsUnit && routed.operation.statusCode !== 204) {
    return [json.body(routed.operation.output)(output), "application/json"];
  }
  if (!plan.hasBody) return [null, undefined];
  return [xmlBody(routed, output), "application/xml"];
}

function encodePayload(
  routed: RoutedOperation,
  member: Member,
  value: unknown,
): readonly [ResponseBody, string | undefined] {
  const { shape } = member;
  if (shape.kind === "union" && shape.eventStream) {
    if (!isAsyncIterable(value)) throw mismatch(shape, value);
    return [encodeEventStream(routed, shape, value), "application/vnd.amazon.eventstream"];
  }
  if (shape.kind === "blob") {
    if (shape.streaming && isStreamBody(value)) return [value, "application/octet-stream"];
    if (!(value instanceof Uint8Array)) throw mismatch(shape, value);
    return [value, "application/octet-stream"];
  }
  if (shape.kind === "string") {
    if (typeof value !== "string") throw mismatch(shape, value);
    return [value, "text/plain"];
  }
  if (routed.protocol === "restJson1") return [json.member(member)(value), "application/json"];
  const dialect = dialectOf(routed.service);
  const text = xmlEncodersOf(dialect).document(member, routed.service.xmlNamespace)(value);
  return [xmlDeclarationFor(dialect) + text, "application/xml"];
}

function xmlBody(routed: RoutedOperation, output: Readonly<Record<string, unknown>>): string {
  const dialect = dialectOf(routed.service);
  const shape = routed.operation.output;
  const encoders = xmlEncodersOf(dialect);
  const open = rootElement(shape, routed.service.xmlNamespace);
  const end = `</${shape.xmlName ?? shape.name}>`;
  const only = routed.operation.unwrappedOutput ? shape.members[0] : undefined;
  if (only !== undefined) {
    const value = output[only.name];
    const content = value === undefined || value === null ? "" : encoders.content(only.shape)(value);
    return xmlDeclarationFor(dialect) + open + content + end;
  }
  const body = encoders.body(shape);
  const start = body.hasAttributes ? `${open.slice(0, -1)}${body.attributes(output)}>` : open;
  return xmlDeclarationFor(dialect) + start + body.content(output) + end;
}

function rootElement(shape: StructureShape, namespace: string | undefined): string {
  const known = rootElements.get(shape);
  if (known !== undefined) return known;
  const uri = shape.xmlNamespace?.uri ?? namespace;
  const prefix = shape.xmlNamespace?.prefix === undefined ? "xmlns" : `xmlns:${shape.xmlNamespace.prefix}`;
  const open = `<${shape.xmlName ?? shape.name}${uri === undefined ? "" : ` ${prefix}="${escapeAttribute(uri)}"`}>`;
  rootElements.set(shape, open);
  return open;
}

const rootElements = new WeakMap<StructureShape, string>();

function xmlDeclarationFor(dialect: Dialect): string {
  return dialect.bareXmlError ? xmlDeclaration : "";
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}

/** What the server can send as a body: the type of `ResponseBody`, checked as far as it shows. */
function isStreamBody(value: unknown): value is Exclude<ResponseBody, null> {
  if (typeof value === "string" || value instanceof Uint8Array || isAsyncIterable(value)) return true;
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "file";
}
