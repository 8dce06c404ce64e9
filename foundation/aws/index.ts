/**
 * The AWS wire: models of ten services, routing, and codecs for six protocols, from the server's side.
 *
 * Types of a service's structures come as namespaces named like the SDK's clients:
 * @example
 * import type { S3 } from "#foundation/aws";
 * const putObject = (input: S3.PutObjectRequest): S3.PutObjectOutput => ({ ETag: '"…"' });
 * type Handlers = { [Name in keyof S3.Operations]?: (input: S3.Operations[Name]["input"]) => Promise<S3.Operations[Name]["output"]> };
 *
 * The way of a request: `routeService` names the service, `loadServiceModel` gives its model, `routeOperation` names the operation,
 * `decodeInput` makes the input, the service makes the output or throws an `AwsError`, and `encodeOutput` or `encodeError` answers.
 */

export { AwsError, type AwsErrorOptions } from "./aws-error.ts";
export { loadServiceModel } from "./load-model.ts";
export type * from "./model/shapes.ts";
export { type ProtocolName, type ServiceName, serviceNames } from "./services.ts";
export type { ResponseContext, StreamingBody, WireHeaders, WireRequest, WireResponse } from "./wire.ts";
