/** Requests to inputs, for every protocol. */

import { malformedInputError } from "./errors/malformed-input-error.ts";
import { createJsonDecoders } from "./json/decode-json.ts";
import { parseJsonBody } from "./json/parse-body.ts";
import type { RoutedOperation } from "./model/shapes.ts";
import { createQueryDecoders } from "./query/decode-query.ts";
import { buildParameterTree } from "./query/parameter-tree.ts";
import { parseForm } from "./query/parse-form.ts";
import { decodeRest } from "./rest/decode-rest.ts";
import { MalformedInput } from "./values/malformed-input.ts";
import type { StreamingBody, WireRequest } from "./wire.ts";

/** An input as its operation's structure type describes it; required members may still be missing: `validateInput` says so. */
export type DecodedInput = Readonly<Record<string, unknown>>;

const awsJson = createJsonDecoders(false);
const awsQuery = createQueryDecoders(false);
const ec2Query = createQueryDecoders(true);
const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Decodes the input of a routed request.
 *
 * @param body all bytes of the body; for an operation with `streamsInput` the unread stream (or bytes), which the input gets untouched
 * @throws AwsError with the service's code for text that does not parse or values of the wrong type (`SerializationException`,
 *   `MalformedXML`, `InvalidArgument`, `InvalidURI`, `MalformedInput`, `InvalidParameterValue`, `InvalidRequestContentException`)
 */
export function decodeInput(
  routed: RoutedOperation,
  request: WireRequest,
  body: Uint8Array | StreamingBody,
): DecodedInput {
  try {
    switch (routed.protocol) {
      case "restXml":
      case "restJson1":
        return decodeRest(routed, request, body);
      case "awsJson1_0":
      case "awsJson1_1":
        return decodeAwsJson(routed, wholeBody(body));
      case "awsQuery":
      case "ec2Query":
        return decodeForm(routed, request, wholeBody(body));
    }
  } catch (error) {
    if (error instanceof MalformedInput) throw malformedInputError(routed, error);
    throw error;
  }
}

function decodeAwsJson(routed: RoutedOperation, body: Uint8Array): DecodedInput {
  const { input } = routed.operation;
  return awsJson.structure(input)(parseJsonBody(body, input), 0) as DecodedInput;
}

/** Parameters may stand in the query, in the body, or in both. */
function decodeForm(routed: RoutedOperation, request: WireRequest, body: Uint8Array): DecodedInput {
  let text: string;
  try {
    text = utf8.decode(body);
  } catch {
    throw new MalformedInput("the body is not UTF-8", { place: "query", syntax: true });
  }
  const tree = buildParameterTree([...parseForm(text.trimEnd(), "query"), ...parseForm(request.query, "query")]);
  const decoders = routed.protocol === "ec2Query" ? ec2Query : awsQuery;
  return decoders.structure(routed.operation.input)(tree) as DecodedInput;
}

function wholeBody(body: Uint8Array | StreamingBody): Uint8Array {
  if (body instanceof Uint8Array) return body;
  throw new TypeError("an operation without a streaming payload is decoded from all bytes of its body");
}
