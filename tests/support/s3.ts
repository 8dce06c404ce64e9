/** The official S3 client against a cloud of a test. */
import { S3Client } from "@aws-sdk/client-s3";
import type { CloudEnvironment } from "./cloud.ts";

/**
 * @param options.maxAttempts 1 by default: a test wants to see every failure, not the SDK's retries
 */
export function s3ClientFor(
  environment: CloudEnvironment,
  options: { readonly maxAttempts?: number; readonly region?: string; readonly endpoint?: string } = {},
): S3Client {
  return new S3Client({
    endpoint: options.endpoint ?? environment.AWS_ENDPOINT_URL!,
    region: options.region ?? environment.AWS_REGION!,
    credentials: {
      accessKeyId: environment.AWS_ACCESS_KEY_ID!,
      secretAccessKey: environment.AWS_SECRET_ACCESS_KEY!,
    },
    forcePathStyle: true,
    maxAttempts: options.maxAttempts ?? 1,
  });
}

/** The name of the error that a call is refused with, for short assertions. */
export async function refusal(
  call: Promise<unknown>,
): Promise<{ readonly name: string; readonly status: number; readonly message: string }> {
  try {
    await call;
  } catch (error) {
    const { name, message, $metadata } = error as {
      name: string;
      message: string;
      $metadata?: { httpStatusCode?: number };
    };
    return { name, status: $metadata?.httpStatusCode ?? 0, message };
  }
  throw new Error("the call succeeded");
}
