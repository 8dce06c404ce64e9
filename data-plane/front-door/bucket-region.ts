/** S3 tells a client that signs for the wrong region which one is right (S3 API Reference, `AuthorizationHeaderMalformed`). */
import type { Catalog } from "#data-plane/link";
import { AwsError, type RoutedOperation } from "#foundation/aws";
import type { SignedRequest } from "#foundation/aws/sigv4";

/** Operations that any region answers for any bucket. */
const ANYWHERE: ReadonlySet<string> = new Set(["CreateBucket", "GetBucketLocation"]);

/** @throws AwsError `AuthorizationHeaderMalformed` with `<Region>` and `x-amz-bucket-region` */
export function expectBucketRegion(
  catalog: Catalog,
  routed: RoutedOperation,
  signature: SignedRequest | undefined,
): void {
  const signed = signature?.scope?.region;
  const name = routed.labels.Bucket;
  if (signed === undefined || name === undefined) return;
  const bucket = catalog.bucket(name);
  if (bucket === undefined || bucket.region === signed || ANYWHERE.has(routed.operation.name)) return;
  throw new AwsError(
    "AuthorizationHeaderMalformed",
    `The authorization header is malformed; the region '${signed}' is wrong; expecting '${bucket.region}'`,
    { statusCode: 400, fields: { Region: bucket.region }, headers: [["x-amz-bucket-region", bucket.region]] },
  );
}
