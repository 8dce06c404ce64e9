/** The headers that identify an answer. */

import { dialectOf } from "./dialect.ts";
import type { ServiceModel } from "./model/shapes.ts";
import type { HeaderList, ResponseContext } from "./wire.ts";

/** `x-amzn-RequestId`, or for S3 `x-amz-request-id` and `x-amz-id-2`. */
export function identityHeaders(model: ServiceModel, context: ResponseContext): HeaderList {
  const { requestIdHeader: name, longRequestId } = dialectOf(model);
  if (longRequestId) return [[name, longId(context.requestId)]];
  if (context.hostId === undefined || name !== "x-amz-request-id") return [[name, context.requestId]];
  return [
    [name, context.requestId],
    ["x-amz-id-2", context.hostId],
  ];
}

/** DynamoDB's ids have 52 digits of base 32, of which the first half tells requests apart. */
const ID_DIGITS = 52;
const TAIL = "VV4KQNSO5AEMVJF66Q9ASUAAJG";

/** The server's own ids have 16 digits: what follows them needs no arithmetic. */
const OWN_DIGITS = 16;

/** Begins with the id under which the log knows the request. */
function longId(requestId: string): string {
  if (requestId.length === OWN_DIGITS)
    return requestId + requestId.slice(0, ID_DIGITS - TAIL.length - OWN_DIGITS) + TAIL;
  return `${requestId}${requestId}`.slice(0, ID_DIGITS - TAIL.length).padEnd(ID_DIGITS - TAIL.length, "0") + TAIL;
}
