/** Where services that share a protocol write differently. */

import type { ServiceModel } from "./model/shapes.ts";
import type { ServiceName } from "./services.ts";
import type { MillisecondStyle } from "./values/timestamps.ts";

export interface Dialect {
  /** Header of the request id. */
  readonly requestIdHeader: string;
  readonly milliseconds: MillisecondStyle;
  /** S3: bare `<Error>` with `HostId`, no namespace. */
  readonly bareXmlError: boolean;
  /** Answers of awsJson carry `x-amz-crc32`. */
  readonly crc32: boolean;
  /** Request ids have 52 base-32 digits. */
  readonly longRequestId: boolean;
  /** Types in `__type` that are not the service's own: namespace by code; the others get `errorNamespace`. */
  readonly commonErrorNamespace: string;
}

const plain: Dialect = {
  requestIdHeader: "x-amzn-RequestId",
  milliseconds: "when-present",
  bareXmlError: false,
  crc32: false,
  longRequestId: false,
  commonErrorNamespace: "",
};

const coral: Dialect = { ...plain, commonErrorNamespace: "com.amazon.coral.service" };

const dialects: { readonly [Name in ServiceName]: Dialect } = {
  s3: { ...plain, requestIdHeader: "x-amz-request-id", milliseconds: "zero", bareXmlError: true },
  dynamodb: { ...coral, crc32: true, longRequestId: true },
  "dynamodb-streams": { ...coral, crc32: true, longRequestId: true },
  sqs: coral,
  lambda: plain,
  elbv2: plain,
  ec2: { ...plain, milliseconds: "always" },
  iam: { ...plain, milliseconds: "never" },
  sts: { ...plain, milliseconds: "never" },
  logs: plain,
};

/** The dialect of a service. */
export function dialectOf(model: ServiceModel): Dialect {
  return dialects[model.service];
}
