/** The official SQS client against a cloud of a test. */
import { SQSClient } from "@aws-sdk/client-sqs";
import { type ClientOptions, clientConfiguration } from "./client-options.ts";
import type { CloudEnvironment } from "./cloud.ts";

export const sqsClientFor = (environment: CloudEnvironment, options?: ClientOptions): SQSClient =>
  new SQSClient(clientConfiguration(environment, options));
