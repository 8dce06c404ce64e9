/** The official DynamoDB clients against a cloud of a test. */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBStreamsClient } from "@aws-sdk/client-dynamodb-streams";
import { type ClientOptions, clientConfiguration } from "./client-options.ts";
import type { CloudEnvironment } from "./cloud.ts";

export const dynamoDbClientFor = (environment: CloudEnvironment, options?: ClientOptions): DynamoDBClient =>
  new DynamoDBClient(clientConfiguration(environment, options));

export const streamsClientFor = (environment: CloudEnvironment, options?: ClientOptions): DynamoDBStreamsClient =>
  new DynamoDBStreamsClient(clientConfiguration(environment, options));
