/** The official IAM client against a cloud of a test. */
import { IAMClient } from "@aws-sdk/client-iam";
import { type ClientOptions, clientConfiguration } from "./client-options.ts";
import type { CloudEnvironment } from "./cloud.ts";

export const iamClientFor = (environment: CloudEnvironment, options?: ClientOptions): IAMClient =>
  new IAMClient(clientConfiguration(environment, options));
