/** Errors in the form that each protocol gives them. */

import { crc32 } from "node:zlib";
import type { AwsError } from "../aws-error.ts";
import { type Dialect, dialectOf } from "../dialect.ts";
import { awsJsonContentType } from "../encode-output.ts";
import { createJsonEncoders } from "../json/encode-json.ts";
import type { ErrorModel, Member, ServiceModel } from "../model/shapes.ts";
import { identityHeaders } from "../response-headers.ts";
import { writeOutputHeaders } from "../rest/encode-rest.ts";
import { restOutputPlan } from "../rest/rest-output-plan.ts";
import type { ProtocolName } from "../services.ts";
import { formatDateTime } from "../values/timestamps.ts";
import type { HeaderList, ResponseContext, WireResponse } from "../wire.ts";
import { escapeAttribute, escapeText } from "../xml/escape-xml.ts";
import { xmlEncodersOf } from "../xml/protocol-encoders.ts";
import { jsonNameOf, queryCodeOf } from "./common-errors.ts";
import { s3ErrorStatus } from "./s3-errors.ts";

const awsJson = createJsonEncoders(false);
const restJson = createJsonEncoders(true);

/** Encodes an error. Never throws for an error of the registry; fields that the model does not have are written as simple values. */
export function encodeError(
  service: ServiceModel,
  protocol: ProtocolName,
  error: AwsError,
  context: ResponseContext,
): WireResponse {
  const model = service.error(error.code);
  const status = errorStatus(service, protocol, error);
  const headers = [...identityHeaders(service, context), ...error.headers];
  if (model !== undefined) writeOutputHeaders(restOutputPlan(model.shape), error.fields, headers);
  const response = ((): WireResponse => {
    switch (protocol) {
      case "restXml":
        return restXmlError(service, model, error, status, headers, context);
      case "restJson1":
        return restJsonError(model, error, status, headers);
      case "awsJson1_0":
      case "awsJson1_1":
        return awsJsonError(service, protocol, model, error, status, headers);
      case "awsQuery":
        return queryError(service, model, error, status, headers, context);
      case "ec2Query":
        return ec2Error(service, model, error, status, headers, context);
    }
  })();
  return context.headOnly === true ? { status, headers, body: null } : response;
}

/** The HTTP status of an error: its own, the model's, S3's table, else 400 or 500 by fault. */
export function errorStatus(service: ServiceModel, protocol: ProtocolName, error: AwsError): number {
  if (error.statusCode !== undefined) return error.statusCode;
  const traits = service.error(error.code)?.traits;
  const modelled =
    protocol === "awsQuery" || protocol === "ec2Query"
      ? (traits?.queryStatusCode ?? traits?.statusCode)
      : traits?.statusCode;
  if (modelled !== undefined) return modelled;
  const listed = service.service === "s3" ? s3ErrorStatus(error.code) : undefined;
  return listed ?? ((error.fault ?? traits?.fault ?? "client") === "server" ? 500 : 400);
}

/** `Sender` when the client is at fault. */
function senderOrReceiver(model: ErrorModel | undefined, error: AwsError, status: number): "Sender" | "Receiver" {
  const fault = error.fault ?? model?.traits.fault ?? (status >= 500 ? "server" : "client");
  return fault === "server" ? "Receiver" : "Sender";
}

/** The value of a modelled error's structure: message and fields under the model's names. */
function errorValue(model: ErrorModel, error: AwsError): Readonly<Record<string, unknown>> {
  const message = messageMember(model);
  return { ...(message !== undefined && error.message !== "" && { [message.name]: error.message }), ...error.fields };
}

function messageMember(model: ErrorModel): Member | undefined {
  return model.shape.members.find((member) => member.name.toLowerCase() === "message");
}

/** Names of the fields that the model does not have. */
function extraFields(model: ErrorModel | undefined, error: AwsError): readonly (readonly [string, unknown])[] {
  const known = new Set(model?.shape.members.map((member) => member.name));
  return Object.entries(error.fields).filter(
    ([name, value]) => !known.has(name) && value !== undefined && value !== null,
  );
}

function restXmlError(
  service: ServiceModel,
  model: ErrorModel | undefined,
  error: AwsError,
  status: number,
  headers: HeaderList,
  context: ResponseContext,
): WireResponse {
  const dialect = dialectOf(service);
  const all: HeaderList = [...headers, ["Content-Type", "application/xml"]];
  // RFC 9110 section 15.4.5: 304 has no body.
  if (status === 304) return { status, headers, body: null };
  const code = element("Code", error.code);
  const requestId = element("RequestId", context.requestId);
  const members = xmlFields(service, dialect, model, error);
  if (!dialect.bareXmlError) {
    const type = element("Type", senderOrReceiver(model, error, status));
    const namespace = service.xmlNamespace === undefined ? "" : ` xmlns="${escapeAttribute(service.xmlNamespace)}"`;
    const body = `<ErrorResponse${namespace}><Error>${type}${code}${messageElement(error)}${members}</Error>${requestId}</ErrorResponse>`;
    return { status, headers: all, body };
  }
  const resource =
    context.resource === undefined || "Resource" in error.fields ? "" : element("Resource", context.resource);
  const hostId = context.hostId === undefined ? "" : element("HostId", context.hostId);
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${code}${messageElement(error)}${members}${resource}${requestId}${hostId}</Error>`;
  return { status, headers: all, body };
}

/** Modelled members by their shapes, then the other fields as simple elements. */
function xmlFields(service: ServiceModel, dialect: Dialect, model: ErrorModel | undefined, error: AwsError): string {
  let text = "";
  if (model !== undefined) {
    const fields: Record<string, unknown> = { ...error.fields };
    const message = messageMember(model);
    // The message has its own element.
    if (message !== undefined) delete fields[message.name];
    text += xmlEncodersOf(dialect).body(model.shape).content(fields);
  }
  for (const [name, value] of extraFields(model, error)) text += element(name, simpleText(value, service));
  return text;
}

function element(name: string, text: string): string {
  return `<${name}>${escapeText(text)}</${name}>`;
}

function messageElement(error: AwsError): string {
  return error.message === "" ? "" : element("Message", error.message);
}

function simpleText(value: unknown, service: ServiceModel): string {
  return value instanceof Date ? formatDateTime(value, dialectOf(service).milliseconds) : String(value);
}

function restJsonError(
  model: ErrorModel | undefined,
  error: AwsError,
  status: number,
  headers: HeaderList,
): WireResponse {
  let value: Readonly<Record<string, unknown>>;
  let body: string;
  if (model === undefined) {
    value = { Type: status >= 500 ? "Service" : "User", message: error.message, ...error.fields };
    body = JSON.stringify(value);
  } else {
    value = errorValue(model, error);
    // Lambda's errors say whose fault they are in a member.
    if (model.shape.members.some((member) => member.name === "Type")) {
      value = { Type: status >= 500 ? "Service" : "User", ...value };
    }
    body = withExtras(restJson.body(model.shape)(value), extraFields(model, error));
  }
  return {
    status,
    headers: [...headers, ["x-amzn-ErrorType", model?.name ?? error.code], ["Content-Type", "application/json"]],
    body,
  };
}

/** Puts further members into a JSON object's text. */
function withExtras(json: string, extras: readonly (readonly [string, unknown])[]): string {
  if (extras.length === 0) return json;
  const more = JSON.stringify(Object.fromEntries(extras));
  return json === "{}" ? more : `${json.slice(0, -1)},${more.slice(1)}`;
}

/** Common errors come from the layers in front of the service, each with its own namespace. */
function errorType(service: ServiceModel, model: ErrorModel | undefined, error: AwsError): string {
  const common = dialectOf(service).commonErrorNamespace;
  if (model !== undefined || common === "") {
    const name = model?.name ?? error.code;
    return service.errorNamespace === "" ? name : `${service.errorNamespace}#${name}`;
  }
  const name = service.queryCompatible ? jsonNameOf(error.code) : error.code;
  return `${name === "ValidationException" ? "com.amazon.coral.validate" : common}#${name}`;
}

/** These two write `Message`, every other error `message`. */
const capitalMessage: ReadonlySet<string> = new Set(["SerializationException", "AccessDeniedException"]);

function awsJsonError(
  service: ServiceModel,
  protocol: ProtocolName,
  model: ErrorModel | undefined,
  error: AwsError,
  status: number,
  headers: HeaderList,
): WireResponse {
  const type = `{"__type":${JSON.stringify(errorType(service, model, error))}`;
  let members: string;
  if (model === undefined) {
    const name = service.queryCompatible ? jsonNameOf(error.code) : error.code;
    const key = capitalMessage.has(name) ? "Message" : "message";
    members = JSON.stringify({ ...(error.message !== "" && { [key]: error.message }), ...error.fields });
  } else {
    const value = errorValue(model, error);
    // The SQS model gives most errors a message; those without one still carry it.
    const unsaid = messageMember(model) === undefined && error.message !== "";
    const extras = unsaid ? [["message", error.message] as const] : [];
    members = withExtras(awsJson.structure(model.shape)(value), [...extras, ...extraFields(model, error)]);
  }
  const body = members === "{}" ? `${type}}` : `${type},${members.slice(1)}`;
  const all: (readonly [string, string])[] = [...headers, ["Content-Type", awsJsonContentType(protocol)]];
  if (service.queryCompatible) {
    const code = model?.traits.queryCode ?? queryCodeOf(error.code);
    all.push(["x-amzn-query-error", `${code};${senderOrReceiver(model, error, status)}`]);
  }
  if (dialectOf(service).crc32) all.push(["x-amz-crc32", String(crc32(body))]);
  return { status, headers: all, body };
}

function queryError(
  service: ServiceModel,
  model: ErrorModel | undefined,
  error: AwsError,
  status: number,
  headers: HeaderList,
  context: ResponseContext,
): WireResponse {
  const namespace = service.xmlNamespace === undefined ? "" : ` xmlns="${escapeAttribute(service.xmlNamespace)}"`;
  const type = element("Type", senderOrReceiver(model, error, status));
  const unmodelled = service.queryCompatible ? queryCodeOf(error.code) : error.code;
  const code = element("Code", model?.traits.queryCode ?? unmodelled);
  const fields = xmlFields(service, dialectOf(service), model, error);
  const body = `<ErrorResponse${namespace}><Error>${type}${code}${messageElement(error)}${fields}</Error>${element("RequestId", context.requestId)}</ErrorResponse>`;
  return { status, headers: [...headers, ["Content-Type", "text/xml"]], body };
}

function ec2Error(
  service: ServiceModel,
  model: ErrorModel | undefined,
  error: AwsError,
  status: number,
  headers: HeaderList,
  context: ResponseContext,
): WireResponse {
  const fields = xmlFields(service, dialectOf(service), model, error);
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error>${element("Code", error.code)}${messageElement(error)}${fields}</Error></Errors>${element("RequestID", context.requestId)}</Response>`;
  return { status, headers: [...headers, ["Content-Type", "text/xml;charset=UTF-8"]], body };
}
