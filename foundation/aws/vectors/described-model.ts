/** Test support: a service model from the description that comes with the published protocol cases. */

import type { RawError, RawModel, RawShape, RawTraits, RawUse } from "../model/raw-model.ts";
import { createServiceModel } from "../model/service-model.ts";
import type { ServiceModel } from "../model/shapes.ts";
import type { ProtocolName, ServiceName } from "../services.ts";

/** What the reading of a description depends on. */
interface Context {
  readonly suite: Suite;
  readonly protocol: ProtocolName;
}

/** One suite of the published cases. */
export interface Suite {
  readonly description: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly shapes: Readonly<Record<string, DescribedShape>>;
  readonly cases: readonly Case[];
}

export interface DescribedShape {
  readonly type: string;
  readonly members?: Readonly<Record<string, DescribedMember>>;
  readonly member?: DescribedMember;
  readonly key?: DescribedMember;
  readonly value?: DescribedMember;
  readonly required?: readonly string[];
  readonly payload?: string;
  readonly locationName?: string;
  readonly xmlNamespace?: string | { readonly uri: string; readonly prefix?: string };
  readonly flattened?: boolean;
  readonly union?: boolean;
  readonly document?: boolean;
  readonly exception?: boolean;
  readonly fault?: boolean;
  readonly error?: { readonly code?: string; readonly httpStatusCode?: number; readonly senderFault?: boolean };
  readonly timestampFormat?: string;
  readonly streaming?: boolean;
  readonly sparse?: boolean;
}

export interface DescribedMember extends Partial<DescribedShape> {
  readonly shape: string;
  readonly location?: string;
  readonly queryName?: string;
  readonly xmlAttribute?: boolean;
  readonly jsonvalue?: boolean;
  readonly idempotencyToken?: boolean;
}

export interface Case {
  readonly id: string;
  readonly given: {
    readonly name: string;
    readonly http: { readonly method: string; readonly requestUri: string; readonly responseCode?: number };
    readonly input?: DescribedMember;
    readonly output?: DescribedMember;
    readonly errors?: readonly DescribedMember[];
  };
  readonly params?: Readonly<Record<string, unknown>>;
  readonly serialized?: {
    readonly method: string;
    readonly uri: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
  };
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: Readonly<Record<string, unknown>>;
  readonly errorCode?: string;
  readonly errorMessage?: string;
  readonly response?: {
    readonly status_code: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
  };
}

/** Service whose dialect writes plainly, for each protocol. */
const standIns: { readonly [Name in ProtocolName]: ServiceName } = {
  restXml: "lambda",
  restJson1: "lambda",
  awsJson1_0: "sqs",
  awsJson1_1: "logs",
  awsQuery: "elbv2",
  ec2Query: "ec2",
};

/** Stands for the strings that these descriptions mark as JSON: their models gave them a media type. */
const mediaTypeShape = "JsonText";

/** The protocol of a suite. */
export function protocolOfSuite(suite: Suite): ProtocolName {
  switch (suite.metadata.protocol) {
    case "rest-xml":
      return "restXml";
    case "rest-json":
      return "restJson1";
    case "query":
      return "awsQuery";
    case "ec2":
      return "ec2Query";
    default:
      return suite.metadata.jsonVersion === "1.0" ? "awsJson1_0" : "awsJson1_1";
  }
}

/** Builds the model of one case: its operation and the suite's shapes. */
export function describedModel(suite: Suite, { given }: Case): ServiceModel {
  const protocol = protocolOfSuite(suite);
  const context: Context = { suite, protocol };
  const uses = [given.input, given.output, ...(given.errors ?? [])].filter((use) => use !== undefined);
  const shapes: Record<string, RawShape> = {
    [mediaTypeShape]: { kind: "simple", type: "$s", mediaType: "application/json" },
  };
  for (const [name, shape] of Object.entries(suite.shapes)) {
    // An operation's own use of a structure may rename it.
    const use = uses.find((candidate) => candidate.shape === name);
    shapes[name] = rawShape(
      context,
      { ...shape, ...use, type: shape.type },
      given.errors?.some((e) => e.shape === name),
    );
  }
  const raw: RawModel = {
    service: standIns[protocol],
    protocols: [protocol],
    version: String(suite.metadata.apiVersion ?? ""),
    ...(typeof suite.metadata.xmlNamespace === "string" && { xmlNamespace: suite.metadata.xmlNamespace }),
    ...(typeof suite.metadata.targetPrefix === "string" && { targetPrefix: suite.metadata.targetPrefix }),
    errorNamespace: "aws.protocoltests",
    queryCompatible: suite.metadata.awsQueryCompatible !== undefined,
    shapes,
    operations: {
      [given.name]: {
        http: [given.http.method, routeUri(suite, given), given.http.responseCode ?? 200],
        ...(given.input && { input: given.input.shape }),
        ...(given.output && { output: given.output.shape }),
      },
    },
  };
  return createServiceModel(raw);
}

/** Templates name labels as they are on the wire; the committed form names the member. */
function routeUri(suite: Suite, given: Case["given"]): string {
  let uri = given.http.requestUri;
  const members = given.input === undefined ? {} : (suite.shapes[given.input.shape]?.members ?? {});
  for (const [name, member] of Object.entries(members)) {
    if (member.location === "uri")
      uri = uri.replace(new RegExp(`\\{${member.locationName ?? name}(\\+?)\\}`), `{${name}$1}`);
  }
  return uri;
}

function rawShape(context: Context, shape: DescribedShape, isError = false): RawShape {
  switch (shape.type) {
    case "structure": {
      // Required members come first in the committed form.
      const names = Object.keys(shape.members ?? {});
      const required = shape.required ?? [];
      const ordered = [
        ...names.filter((name) => required.includes(name)),
        ...names.filter((name) => !required.includes(name)),
      ];
      if (shape.document === true) return { kind: "simple", type: "$j" };
      return {
        kind: shape.union === true ? "union" : "structure",
        required: required.length,
        members: Object.fromEntries(ordered.map((name) => [name, memberUse(context, shape, name)])),
        ...(shape.locationName !== undefined && { xmlName: shape.locationName }),
        ...(shape.xmlNamespace && { xmlNamespace: namespaceOf(shape.xmlNamespace) }),
        ...((isError || shape.exception === true) && { error: errorOf(shape, context.protocol) }),
      };
    }
    case "list":
      return {
        kind: "list",
        element: use(context, "member", shape.member ?? { shape: "String" }),
        ...(shape.flattened === true && { flat: 1 }),
        ...(shape.sparse === true && { sparse: 1 }),
      };
    case "map":
      return {
        kind: "map",
        key: use(context, "key", shape.key ?? { shape: "String" }),
        value: use(context, "value", shape.value ?? { shape: "String" }),
        ...(shape.flattened === true && { flat: 1 }),
        ...(shape.sparse === true && { sparse: 1 }),
      };
    default:
      return { kind: "simple", type: `$${simpleCode(shape)}` };
  }
}

/** In the JSON protocols code and status are those of the query protocol that came before. */
function errorOf(shape: DescribedShape, protocol: ProtocolName): RawError {
  const status = shape.error?.httpStatusCode;
  const code = shape.error?.code;
  return {
    fault: shape.fault === true ? "server" : "client",
    ...(status !== undefined && !protocol.startsWith("awsJson") && { status }),
    ...(code !== undefined && { query: [code, status ?? 400] }),
  };
}

function simpleCode(shape: Partial<DescribedShape>): string {
  switch (shape.type) {
    case "boolean":
      return "b";
    case "integer":
    case "long":
      return "i";
    case "float":
    case "double":
      return "f";
    case "blob":
      return shape.streaming === true ? "S" : "B";
    case "timestamp":
      return timestampCode(shape.timestampFormat);
    default:
      return "s";
  }
}

function timestampCode(format: string | undefined): string {
  if (format === "iso8601") return "td";
  if (format === "rfc822") return "th";
  return format === "unixTimestamp" ? "te" : "t";
}

function memberUse(context: Context, structure: DescribedShape, name: string): RawUse {
  const member = structure.members?.[name];
  if (member === undefined) throw new Error(`no member ${name}`);
  const target = context.suite.shapes[member.shape];
  const wireName = member.locationName ?? name;
  const result = use(context, name, member);
  const [reference, traits] = typeof result === "string" ? [result, {}] : result;
  const location: RawTraits = (() => {
    if (structure.payload === name) return { payload: 1 };
    switch (member.location) {
      case "uri":
        return { label: 1 };
      case "header":
        return { header: wireName };
      case "headers":
        return { prefixHeaders: member.locationName ?? "" };
      case "querystring":
        return target?.type === "map" ? { queryParams: 1 } : { query: wireName };
      case "statusCode":
        return { status: 1 };
      default:
        return {};
    }
  })();
  const { xmlName, jsonName, ...others } = traits;
  const bound = Object.keys(location).length > 0 && structure.payload !== name;
  return [reference, { ...(bound ? others : traits), ...location }];
}

/** A use with the traits that do not depend on a location. */
function use({ suite, protocol }: Context, name: string, member: DescribedMember): RawUse {
  const shape = suite.shapes[member.shape];
  let reference = member.shape;
  if (shape?.type === "timestamp" && member.timestampFormat !== undefined) {
    reference = `$${timestampCode(member.timestampFormat)}`;
  }
  if (member.document === true) reference = "$j";
  if (member.streaming === true) reference = "$S";
  if (member.jsonvalue === true) reference = mediaTypeShape;
  const json = protocol === "restJson1";
  const wireName = member.locationName;
  const traits: RawTraits = {
    ...(wireName !== undefined && wireName !== name && (json ? { jsonName: wireName } : { xmlName: wireName })),
    ...(member.queryName !== undefined && { ec2Name: member.queryName }),
    ...(member.flattened === true && { flat: 1 }),
    ...(member.xmlAttribute === true && { attribute: 1 }),
    ...(member.xmlNamespace && { xmlNamespace: namespaceOf(member.xmlNamespace) }),
    ...(member.idempotencyToken === true && { token: 1 }),
  };
  return Object.keys(traits).length === 0 ? reference : [reference, traits];
}

function namespaceOf(value: NonNullable<DescribedShape["xmlNamespace"]>): readonly [string, string?] {
  if (typeof value === "string") return [value];
  return value.prefix === undefined ? [value.uri] : [value.uri, value.prefix];
}
