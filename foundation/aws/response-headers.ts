/** The headers that identify an answer. */

import { dialectOf } from "./dialect.ts";
import type { ServiceModel } from "./model/shapes.ts";
import type { HeaderList, ResponseContext } from "./wire.ts";

/** `x-amzn-RequestId`, or for S3 `x-amz-request-id` and `x-amz-id-2`. */
export function identityHeaders(model: ServiceModel, context: ResponseContext): HeaderList {
  const name = dialectOf(model).requestIdHeader;
  if (context.hostId === undefined || name !== "x-amz-request-id") return [[name, context.requestId]];
  return [
    [name, context.requestId],
    ["x-amz-id-2", context.hostId],
  ];
}
