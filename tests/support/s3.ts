/** The official S3 client against a cloud of a test. */
import { S3Client } from "@aws-sdk/client-s3";
import { type ClientOptions, clientConfiguration } from "./client-options.ts";
import type { CloudEnvironment } from "./cloud.ts";

export const s3ClientFor = (environment: CloudEnvironment, options?: ClientOptions): S3Client =>
  new S3Client({ ...clientConfiguration(environment, options), forcePathStyle: true });

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
