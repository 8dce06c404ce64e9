/** What official clients are configured with for a cloud of a test. */
import type { CloudEnvironment } from "./cloud.ts";

export interface ClientOptions {
  /** 1 by default: a test wants to see every failure, not the SDK's retries. */
  readonly maxAttempts?: number;
  readonly region?: string;
  readonly endpoint?: string;
  /** By default those of the root user. */
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
}

export const clientConfiguration = (environment: CloudEnvironment, options: ClientOptions = {}) => ({
  endpoint: options.endpoint ?? environment.AWS_ENDPOINT_URL!,
  region: options.region ?? environment.AWS_REGION!,
  credentials: options.credentials ?? {
    accessKeyId: environment.AWS_ACCESS_KEY_ID!,
    secretAccessKey: environment.AWS_SECRET_ACCESS_KEY!,
  },
  maxAttempts: options.maxAttempts ?? 1,
});
