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
export { compressAnswer, isLongAnswer } from "./compress-answer.ts";
export { type DecodedInput, decodeInput } from "./decode-input.ts";
export { encodeOutput } from "./encode-output.ts";
export { encodeError, errorStatus } from "./errors/encode-error.ts";
export { type S3ErrorCode, s3Error, s3ErrorCodes, s3ErrorStatus } from "./errors/s3-errors.ts";
export { JsonText, jsonText } from "./json/json-text.ts";
export { loadServiceModel } from "./load-model.ts";
export type * from "./model/shapes.ts";
export type * as DynamoDB from "./models/dynamodb.types.gen.ts";
export type * as DynamoDBStreams from "./models/dynamodb-streams.types.gen.ts";
export type * as EC2 from "./models/ec2.types.gen.ts";
export type * as ELBv2 from "./models/elbv2.types.gen.ts";
export type * as IAM from "./models/iam.types.gen.ts";
export type * as Lambda from "./models/lambda.types.gen.ts";
export type * as CloudWatchLogs from "./models/logs.types.gen.ts";
export type * as S3 from "./models/s3.types.gen.ts";
export type * as SQS from "./models/sqs.types.gen.ts";
export type * as STS from "./models/sts.types.gen.ts";
export { formParameter, protocolOf, type RouteOptions, routeOperation } from "./routing/route-operation.ts";
export { type RequestFacts, routeService } from "./routing/route-service.ts";
export { bucketOfHost, type S3Address, s3Address } from "./routing/s3-address.ts";
export { type ProtocolName, type ServiceName, serviceNames } from "./services.ts";
export {
  type ConstraintViolation,
  maxViolations,
  validateInput,
  validationMessage,
} from "./validation/validate-input.ts";
export type { ResponseContext, StreamingBody, WireHeaders, WireRequest, WireResponse } from "./wire.ts";
