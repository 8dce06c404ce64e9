/** Outputs to answers, for every protocol. */

import { crc32 } from "node:zlib";
import { dialectOf } from "./dialect.ts";
import { encodeEventStream } from "./event-stream/encode-event-stream.ts";
import { createJsonEncoders } from "./json/encode-json.ts";
import type { RoutedOperation } from "./model/shapes.ts";
import { identityHeaders } from "./response-headers.ts";
import { encodeRest } from "./rest/encode-rest.ts";
import { mismatch } from "./values/mismatch.ts";
import type { ResponseContext, WireResponse } from "./wire.ts";
import { escapeAttribute, escapeText } from "./xml/escape-xml.ts";
import { xmlEncodersOf } from "./xml/protocol-encoders.ts";

const awsJson = createJsonEncoders(false);

/**
 * Encodes the output of an operation. Absent members (undefined or null) are left out.
 *
 * @param output as the operation's output type describes it; a streaming payload passes through
 * @throws TypeError when the output is not of its shape: a defect of the service
 */
export function encodeOutput(routed: RoutedOperation, output: object, context: ResponseContext): WireResponse {
  const values = output as Readonly<Record<string, unknown>>;
  switch (routed.protocol) {
    case "restXml":
    case "restJson1":
      return encodeRest(routed, values, identityHeaders(routed.service, context));
    case "awsJson1_0":
    case "awsJson1_1":
      return encodeAwsJson(routed, values, context);
    case "awsQuery":
      return encodeQuery(routed, values, context);
    case "ec2Query":
      return encodeEc2(routed, values, context);
  }
}

const JSON_1_0 = ["Content-Type", "application/x-amz-json-1.0"] as const;
const JSON_1_1 = ["Content-Type", "application/x-amz-json-1.1"] as const;

/** Content type of the JSON RPC protocols. */
export function awsJsonContentType(protocol: RoutedOperation["protocol"]): string {
  return (protocol === "awsJson1_0" ? JSON_1_0 : JSON_1_1)[1];
}

function encodeAwsJson(
  routed: RoutedOperation,
  output: Readonly<Record<string, unknown>>,
  context: ResponseContext,
): WireResponse {
  const { operation, service } = routed;
  const identity = identityHeaders(service, context);
  const stream = operation.streamsOutput
    ? operation.output.members.find(({ shape }) => shape.kind === "union" && shape.eventStream)
    : undefined;
  if (stream !== undefined && stream.shape.kind === "union") {
    const { [stream.name]: events, ...initial } = output;
    if (!isAsyncIterable(events)) throw mismatch(stream.shape, events);
    return {
      status: 200,
      headers: [...identity, ["Content-Type", "application/vnd.amazon.eventstream"]],
      body: encodeEventStream(routed, stream.shape, events, awsJson.structure(operation.output)(initial)),
    };
  }
  const body = operation.outputIsUnit ? "" : awsJson.structure(operation.output)(output);
  const type = routed.protocol === "awsJson1_0" ? JSON_1_0 : JSON_1_1;
  const headers = dialectOf(service).crc32
    ? [...identity, type, ["x-amz-crc32", String(crc32(body))] as const]
    : [...identity, type];
  return { status: 200, headers, body };
}

function encodeQuery(
  routed: RoutedOperation,
  output: Readonly<Record<string, unknown>>,
  context: ResponseContext,
): WireResponse {
  const { operation, service } = routed;
  const content = xmlEncodersOf(dialectOf(service)).body(operation.output).content(output);
  const result = operation.outputIsUnit ? "" : `<${operation.name}Result>${content}</${operation.name}Result>`;
  const metadata = `<ResponseMetadata><RequestId>${escapeText(context.requestId)}</RequestId></ResponseMetadata>`;
  return {
    status: 200,
    headers: [...identityHeaders(service, context), ["Content-Type", "text/xml"]],
    body: `<${operation.name}Response${namespaceOf(routed)}>${result}${metadata}</${operation.name}Response>`,
  };
}

function encodeEc2(
  routed: RoutedOperation,
  output: Readonly<Record<string, unknown>>,
  context: ResponseContext,
): WireResponse {
  const { operation, service } = routed;
  // Operations without an output say that they did it.
  const content = operation.outputIsUnit
    ? "<return>true</return>"
    : xmlEncodersOf(dialectOf(service)).body(operation.output).content(output);
  const requestId = `<requestId>${escapeText(context.requestId)}</requestId>`;
  return {
    status: 200,
    headers: [...identityHeaders(service, context), ["Content-Type", "text/xml;charset=UTF-8"]],
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<${operation.name}Response${namespaceOf(routed)}>${requestId}${content}</${operation.name}Response>`,
  };
}

function namespaceOf(routed: RoutedOperation): string {
  const { xmlNamespace } = routed.service;
  return xmlNamespace === undefined ? "" : ` xmlns="${escapeAttribute(xmlNamespace)}"`;
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}
