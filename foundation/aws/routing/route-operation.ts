/** Which operation a request is for, within its service. */

import { AwsError } from "../aws-error.ts";
import type { OperationModel, RoutedOperation, ServiceModel } from "../model/shapes.ts";
import type { ProtocolName } from "../services.ts";
import type { WireRequest } from "../wire.ts";
import { queryFacts } from "./query-facts.ts";
import { createRestRouter, type RestRouter } from "./rest-router.ts";
import { createS3Router, type S3Router } from "./s3-router.ts";

export interface RouteOptions {
  /** S3: host names under which a further label is a bucket (`s3.localhost`), lower case, without port. Default: none, path style only. */
  readonly baseDomains?: readonly string[];
  /** The whole body, for the query protocols: `Action` stands there. Ignored by the others. */
  readonly body?: Uint8Array;
}

const noLabels: Readonly<Record<string, string>> = {};

/**
 * Finds the operation of a request.
 *
 * @throws AwsError the service's own error for an operation that it does not have: `MethodNotAllowed` (S3, 405), `UnknownOperationException`
 *   (JSON; 404 for SQS and Lambda, 400 for DynamoDB), `InvalidAction` (query), `MissingAction`; `InvalidURI` (400) for malformed
 *   percent-encoding
 */
export function routeOperation(model: ServiceModel, request: WireRequest, options: RouteOptions = {}): RoutedOperation {
  const protocol = protocolOf(model, request);
  switch (protocol) {
    case "restXml":
    case "restJson1": {
      if (model.service === "s3") {
        return { service: model, protocol, ...s3Router(model)(request, options.baseDomains ?? []) };
      }
      const match = restRouter(model)(request);
      if (match === undefined) throw unknownOperation(model);
      return { service: model, protocol, ...match };
    }
    case "awsJson1_0":
    case "awsJson1_1":
      return { service: model, protocol, operation: byTarget(model, request), labels: noLabels };
    case "awsQuery":
    case "ec2Query":
      return {
        service: model,
        protocol,
        operation: byAction(model, protocol, request, options.body),
        labels: noLabels,
      };
  }
}

/** The protocol of a request: that of the model, or of the target header where the service speaks two. */
export function protocolOf(model: ServiceModel, request: WireRequest): ProtocolName {
  const first = model.protocols[0];
  if (first === undefined) throw new Error(`the model of ${model.service} has no protocol`);
  const other = model.protocols[1];
  if (other === undefined) return first;
  return request.headers.get("x-amz-target") === undefined ? other : first;
}

const restRouters = new WeakMap<ServiceModel, RestRouter>();
const s3Routers = new WeakMap<ServiceModel, S3Router>();

function restRouter(model: ServiceModel): RestRouter {
  let router = restRouters.get(model);
  if (router === undefined) {
    router = createRestRouter(model);
    restRouters.set(model, router);
  }
  return router;
}

function s3Router(model: ServiceModel): S3Router {
  let router = s3Routers.get(model);
  if (router === undefined) {
    router = createS3Router(model);
    s3Routers.set(model, router);
  }
  return router;
}

function byTarget(model: ServiceModel, request: WireRequest): OperationModel {
  const operation = targetedOperation(model, request.headers.get("x-amz-target") ?? "");
  if (operation === undefined || request.method !== "POST") throw unknownOperation(model);
  return operation;
}

/** Operations by the whole `X-Amz-Target` that named them, `DynamoDB_20120810.GetItem`: as many as the model has. */
const targets = new WeakMap<ServiceModel, Map<string, OperationModel>>();

function targetedOperation(model: ServiceModel, target: string): OperationModel | undefined {
  let known = targets.get(model);
  if (known === undefined) {
    known = new Map();
    targets.set(model, known);
  }
  const before = known.get(target);
  if (before !== undefined) return before;
  const dot = target.indexOf(".");
  const operation = target.slice(0, dot) === model.targetPrefix ? model.operation(target.slice(dot + 1)) : undefined;
  if (operation !== undefined) known.set(target, operation);
  return operation;
}

/** `UnknownOperationException`: 404 from SQS and Lambda, 400 from the others. */
function unknownOperation(model: ServiceModel): AwsError {
  const statusCode = model.service === "sqs" || model.service === "lambda" ? 404 : 400;
  return new AwsError("UnknownOperationException", "", { statusCode });
}

function byAction(
  model: ServiceModel,
  protocol: ProtocolName,
  request: WireRequest,
  body: Uint8Array | undefined,
): OperationModel {
  const name = queryFacts(request.query).get("Action") ?? formAction(body);
  if (name === undefined || name === "") {
    throw new AwsError("MissingAction", "The request must contain the parameter Action.", { statusCode: 400 });
  }
  const operation = model.operation(name);
  if (operation !== undefined) return operation;
  const shown = name.length > maxEchoedAction ? `${name.slice(0, maxEchoedAction)}…` : name;
  throw protocol === "ec2Query"
    ? new AwsError("InvalidAction", `The action ${shown} is not valid for this web service.`, { statusCode: 400 })
    : new AwsError("InvalidAction", `Could not find operation ${shown} for version ${model.version}`, {
        statusCode: 400,
      });
}

/** Longer than any operation's name. */
const maxEchoedAction = 128;

/** `Action` of a form body, without decoding the rest of it. */
export function formAction(body: Uint8Array | undefined): string | undefined {
  return formParameter(body, "Action");
}

/** One plain parameter of a form body; names and operations need no percent-encoding, so the bytes are searched as they are. */
export function formParameter(body: Uint8Array | undefined, name: string): string | undefined {
  if (body === undefined || body.length === 0) return undefined;
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const wanted = `${name}=`;
  const first = text.subarray(0, wanted.length).toString("latin1") === wanted;
  const found = first ? 0 : text.indexOf(`&${wanted}`) + 1;
  if (!first && found === 0) return undefined;
  const start = found + wanted.length;
  const end = text.indexOf("&", start);
  return text
    .subarray(start, end < 0 ? text.length : end)
    .toString("latin1")
    .trim();
}
