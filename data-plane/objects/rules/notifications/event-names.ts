/** The kinds of events that S3 knows (Amazon S3 user guide, "Supported event types for SQS, SNS, and Lambda"). */
import type { S3 } from "#foundation/aws";

/** Events that happen here, without `s3:`. */
export type ObjectEventName =
  | "ObjectCreated:Put"
  | "ObjectCreated:Post"
  | "ObjectCreated:Copy"
  | "ObjectCreated:CompleteMultipartUpload"
  | "ObjectRemoved:Delete"
  | "ObjectRemoved:DeleteMarkerCreated"
  | "LifecycleExpiration:Delete"
  | "LifecycleExpiration:DeleteMarkerCreated"
  | "ObjectTagging:Put"
  | "ObjectTagging:Delete"
  | "ObjectAcl:Put"
  | "ObjectRetention:Put";

/** Everything that a configuration may name. What needs a feature that is refused here (replication, archives) never happens. */
const KNOWN: { readonly [Name in S3.Event]: true } = {
  "s3:IntelligentTiering": true,
  "s3:LifecycleExpiration:*": true,
  "s3:LifecycleExpiration:Delete": true,
  "s3:LifecycleExpiration:DeleteMarkerCreated": true,
  "s3:LifecycleTransition": true,
  "s3:ObjectAcl:Put": true,
  "s3:ObjectAnnotation:*": true,
  "s3:ObjectAnnotation:Delete": true,
  "s3:ObjectAnnotation:Put": true,
  "s3:ObjectCreated:*": true,
  "s3:ObjectCreated:CompleteMultipartUpload": true,
  "s3:ObjectCreated:Copy": true,
  "s3:ObjectCreated:Post": true,
  "s3:ObjectCreated:Put": true,
  "s3:ObjectRemoved:*": true,
  "s3:ObjectRemoved:Delete": true,
  "s3:ObjectRemoved:DeleteMarkerCreated": true,
  "s3:ObjectRestore:*": true,
  "s3:ObjectRestore:Completed": true,
  "s3:ObjectRestore:Delete": true,
  "s3:ObjectRestore:Post": true,
  "s3:ObjectRetention:Put": true,
  "s3:ObjectTagging:*": true,
  "s3:ObjectTagging:Delete": true,
  "s3:ObjectTagging:Put": true,
  "s3:ReducedRedundancyLostObject": true,
  "s3:Replication:*": true,
  "s3:Replication:OperationFailedReplication": true,
  "s3:Replication:OperationMissedThreshold": true,
  "s3:Replication:OperationNotTracked": true,
  "s3:Replication:OperationReplicatedAfterThreshold": true,
};

/** Whether a configuration may ask for this event. */
export const isKnownEvent = (name: string): boolean => Object.hasOwn(KNOWN, name);
