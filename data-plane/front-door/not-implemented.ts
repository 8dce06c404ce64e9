/** Operations that are in a model and not in Biplane. */
import { AwsError, type RoutedOperation } from "#foundation/aws";

/** 501 in the service's own words: `NotImplemented` from S3, `UnsupportedOperation` from the others. */
export function notImplemented({ service, operation }: RoutedOperation): AwsError {
  const options = { statusCode: 501, fault: "server" } as const;
  return service.service === "s3"
    ? new AwsError(
        "NotImplemented",
        `A header or query you provided requests ${operation.name}, which Biplane does not implement.`,
        options,
      )
    : new AwsError("UnsupportedOperation", `Biplane does not implement ${service.service}:${operation.name}.`, options);
}
