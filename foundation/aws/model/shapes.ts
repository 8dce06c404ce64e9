/**
 * Shapes, members and operations of a service model, as the codecs read them.
 *
 * The vocabulary is Smithy's (https://smithy.io/2.0/spec/): a shape is a type; a member is a use of a shape with its own bindings.
 */

import type { ProtocolName, ServiceName } from "../services.ts";
import type { ConstraintTable } from "../validation/constraint-table.ts";

/** Formats of a timestamp on the wire; `default` is the one of the protocol and of the place (body, header, query). */
export type TimestampFormat = "default" | "date-time" | "http-date" | "epoch-seconds";

export interface StringShape {
  readonly kind: "string";
  readonly name: string;
  /** Contents with a media type are base64 encoded when they travel in a header. */
  readonly mediaType?: string;
  readonly sensitive?: boolean;
}

/** Numbers: `integer` refuses fractions, `number` takes both (the SDK's schemas do not say which of the two a number is). */
export interface NumberShape {
  readonly kind: "number" | "integer" | "float" | "bigInteger" | "bigDecimal";
  readonly name: string;
}

export interface BooleanShape {
  readonly kind: "boolean";
  readonly name: string;
}

export interface TimestampShape {
  readonly kind: "timestamp";
  readonly name: string;
  readonly format: TimestampFormat;
}

export interface BlobShape {
  readonly kind: "blob";
  readonly name: string;
  /** The payload passes through as a stream. */
  readonly streaming: boolean;
  readonly sensitive?: boolean;
}

/** Bytes that the service keeps as the base64 text in which they travel, and checks itself (JSON protocols only). */
export interface Base64Shape {
  readonly kind: "base64";
  readonly name: string;
}

/** Free-form JSON (`smithy.api#Document`). */
export interface DocumentShape {
  readonly kind: "document";
  readonly name: string;
}

export interface ListShape {
  readonly kind: "list";
  readonly name: string;
  readonly element: Member;
  /** Null elements are kept. */
  readonly sparse: boolean;
  /** The list itself is flattened wherever it is used (old style models). */
  readonly flattened: boolean;
}

export interface MapShape {
  readonly kind: "map";
  readonly name: string;
  readonly key: Member;
  readonly value: Member;
  /** Null values are kept. */
  readonly sparse: boolean;
  readonly flattened: boolean;
}

export interface StructureShape {
  readonly kind: "structure" | "union";
  readonly name: string;
  /** In the order of the model, which is the order of encoding. */
  readonly members: readonly Member[];
  /** Name of the XML element when the structure is a document root. */
  readonly xmlName?: string;
  readonly xmlNamespace?: XmlNamespace;
  /** The structure (a union) is an event stream. */
  readonly eventStream: boolean;
  /** Present when the structure is an error. */
  readonly error?: ErrorTraits;
  /**
   * The JSON protocols let objects of this shape through as they are, in both directions: the service looks at each of them itself, more closely than types can say.
   * Looking twice would double what a large item costs.
   */
  readonly opaque?: boolean;
}

export type Shape =
  | StringShape
  | NumberShape
  | BooleanShape
  | TimestampShape
  | BlobShape
  | Base64Shape
  | DocumentShape
  | ListShape
  | MapShape
  | StructureShape;

export interface XmlNamespace {
  readonly uri: string;
  readonly prefix?: string;
}

/** Where a member travels. `body` unless the operation's protocol is a REST protocol and the model binds it elsewhere. */
export type MemberLocation =
  | { readonly in: "body" }
  | { readonly in: "label" }
  | { readonly in: "header"; readonly name: string; readonly lowerName: string }
  | { readonly in: "prefixHeaders"; readonly prefix: string; readonly lowerPrefix: string }
  | { readonly in: "query"; readonly name: string }
  | { readonly in: "queryParams" }
  | { readonly in: "payload" }
  | { readonly in: "statusCode" };

/** Whether a member travels in the body of a response: bindings to label and query mean nothing there. */
export function isInResponseBody({ location }: Pick<Member, "location">): boolean {
  return location.in === "body" || location.in === "label" || location.in === "query" || location.in === "queryParams";
}

export interface Member {
  readonly name: string;
  readonly shape: Shape;
  readonly required: boolean;
  readonly location: MemberLocation;
  /** Overrides of the timestamp format of the shape. */
  readonly timestampFormat?: TimestampFormat;
  readonly jsonName?: string;
  readonly xmlName?: string;
  readonly xmlNamespace?: XmlNamespace;
  readonly xmlAttribute?: boolean;
  readonly flattened?: boolean;
  readonly ec2QueryName?: string;
  readonly idempotencyToken?: boolean;
  readonly hostLabel?: boolean;
  readonly eventHeader?: boolean;
  readonly eventPayload?: boolean;
}

export interface ErrorTraits {
  readonly fault: "client" | "server";
  readonly statusCode?: number;
  /** Code in query responses and in `x-amzn-query-error`. */
  readonly queryCode?: string;
  readonly queryStatusCode?: number;
}

/** One operation. REST fields are `POST` and `/` for the RPC protocols. */
export interface OperationModel {
  readonly name: string;
  readonly method: string;
  /** Path template with the literal query, as in the model: `/{Key+}?uploads`. */
  readonly uri: string;
  /** Status of a success. */
  readonly statusCode: number;
  readonly input: StructureShape;
  readonly output: StructureShape;
  /** The model gives the operation no input (or output) at all. */
  readonly inputIsUnit: boolean;
  readonly outputIsUnit: boolean;
  /** The request's payload is a stream: give `decodeInput` the unread body. Otherwise give it all bytes. */
  readonly streamsInput: boolean;
  /** The answer's payload is a blob stream or an event stream. */
  readonly streamsOutput: boolean;
  /** The request needs a checksum header or Content-MD5 (`httpChecksum.requestChecksumRequired`). */
  readonly checksumRequired: boolean;
  /** The operation takes part in flexible checksums. */
  readonly checksum: boolean;
  /** The output's only member is the root element of the answer (S3 GetBucketLocation). */
  readonly unwrappedOutput: boolean;
  /** Prefix of the host name, for example `{RequestRoute}.`. */
  readonly hostPrefix?: string;
}

/** An error of the model. */
export interface ErrorModel {
  /** Shape name. */
  readonly name: string;
  readonly shape: StructureShape;
  readonly traits: ErrorTraits;
}

/** One service's model: small to hold, shapes are built when first asked for. */
export interface ServiceModel {
  readonly service: ServiceName;
  /** The protocol of the current SDKs first, then those of older clients. */
  readonly protocols: readonly ProtocolName[];
  /** API version, for example `2012-08-10`. */
  readonly version: string;
  readonly xmlNamespace?: string;
  /** What stands before the dot in `X-Amz-Target`. */
  readonly targetPrefix?: string;
  /** Prefix of `__type` in JSON errors, for example `com.amazonaws.sqs`. */
  readonly errorNamespace: string;
  /** Answers carry `x-amzn-query-error` for errors that have a query code. */
  readonly queryCompatible: boolean;
  operation(name: string): OperationModel | undefined;
  readonly operationNames: readonly string[];
  /** By shape name, or by query code. */
  error(code: string): ErrorModel | undefined;
  readonly errorNames: readonly string[];
  /** Constraints on inputs, read at first use. */
  constraints(): ConstraintTable;
}

/** An operation that a request was routed to. */
export interface RoutedOperation {
  readonly service: ServiceModel;
  readonly operation: OperationModel;
  readonly protocol: ProtocolName;
  /** Labels of the path, percent-decoded once. For S3 always with `Bucket` and `Key` where the request has them. */
  readonly labels: Readonly<Record<string, string>>;
}
