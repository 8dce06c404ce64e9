/** The official SQS client against a cloud of a test. */
import { SQSClient } from "@aws-sdk/client-sqs";
import type { CloudEnvironment } from "./cloud.ts";

export interface SqsClientOptions {
  /** 1 by default: a test wants to see every failure, not the SDK's retries. */
  readonly maxAttempts?: number;
  readonly region?: string;
  readonly endpoint?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export function sqsClientFor(environment: CloudEnvironment, options: SqsClientOptions = {}): SQSClient {
  return new SQSClient({
    endpoint: options.endpoint ?? environment.AWS_ENDPOINT_URL!,
    region: options.region ?? environment.AWS_REGION!,
    credentials: options.credentials ?? {
      accessKeyId: environment.AWS_ACCESS_KEY_ID!,
      secretAccessKey: environment.AWS_SECRET_ACCESS_KEY!,
    },
    maxAttempts: options.maxAttempts ?? 1,
  });
}
