/** The official DynamoDB clients against a cloud of a test. */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBStreamsClient } from "@aws-sdk/client-dynamodb-streams";
import type { CloudEnvironment } from "./cloud.ts";

export interface ClientOptions {
  /** 1 by default: a test wants to see every failure, not the SDK's retries. */
  readonly maxAttempts?: number;
  readonly region?: string;
}

const configuration = (environment: CloudEnvironment, { maxAttempts = 1, region }: ClientOptions) => ({
  endpoint: environment.AWS_ENDPOINT_URL!,
  region: region ?? environment.AWS_REGION!,
  credentials: {
    accessKeyId: environment.AWS_ACCESS_KEY_ID!,
    secretAccessKey: environment.AWS_SECRET_ACCESS_KEY!,
  },
  maxAttempts,
});

export const dynamoDbClientFor = (environment: CloudEnvironment, options: ClientOptions = {}): DynamoDBClient =>
  new DynamoDBClient(configuration(environment, options));

export const streamsClientFor = (environment: CloudEnvironment, options: ClientOptions = {}): DynamoDBStreamsClient =>
  new DynamoDBStreamsClient(configuration(environment, options));
