/** Which service a request is for. Pure: the caller gathers the facts. */

import type { ServiceName } from "../services.ts";

/** What is known of a request before its operation is. */
export interface RequestFacts {
  /** Service of the SigV4 credential scope, in the header or the presigned query; undefined for anonymous requests. */
  readonly scopeService: string | undefined;
  /** The `X-Amz-Target` header. */
  readonly target: string | undefined;
  /** `Action` and `Version` of the query or the form body. */
  readonly action: string | undefined;
  readonly version: string | undefined;
  /** Raw path. */
  readonly path: string;
}

/** Signing names; DynamoDB and its streams share one. */
const byScope: ReadonlyMap<string, ServiceName> = new Map([
  ["s3", "s3"],
  ["s3express", "s3"],
  ["s3-object-lambda", "s3"],
  ["dynamodb", "dynamodb"],
  ["sqs", "sqs"],
  ["lambda", "lambda"],
  ["elasticloadbalancing", "elbv2"],
  ["ec2", "ec2"],
  ["iam", "iam"],
  ["sts", "sts"],
  ["logs", "logs"],
]);

const byTarget: ReadonlyMap<string, ServiceName> = new Map([
  ["DynamoDB_20120810", "dynamodb"],
  ["DynamoDBStreams_20120810", "dynamodb-streams"],
  ["AmazonSQS", "sqs"],
  ["Logs_20140328", "logs"],
]);

/** API versions of the query services: no two are equal. */
const byVersion: ReadonlyMap<string, ServiceName> = new Map([
  ["2012-11-05", "sqs"],
  ["2015-12-01", "elbv2"],
  ["2016-11-15", "ec2"],
  ["2010-05-08", "iam"],
  ["2011-06-15", "sts"],
]);

/** Lambda's paths begin with the date of an API version, for example `/2015-03-31/functions`; bucket names that look so are too rare to matter unsigned. */
const lambdaPath =
  /^\/20\d\d-\d\d-\d\d\/(?:functions|event-source-mappings|layers|tags|account-settings|code-signing-configs|event-invoke-config|resource-policy|functions-versions|capacity-providers|durable-executions|durable-execution-callbacks)(?:[/?:]|$)/;

/**
 * Names the service: by credential scope, then target, then action, then Lambda's paths; everything else is S3.
 *
 * Undefined means that the request names a service which is not served here.
 */
export function routeService(facts: RequestFacts): ServiceName | undefined {
  if (facts.scopeService !== undefined) {
    const scoped = byScope.get(facts.scopeService);
    const isStreams =
      scoped === "dynamodb" && facts.target !== undefined && targeted(facts.target) === "dynamodb-streams";
    return isStreams ? "dynamodb-streams" : scoped;
  }
  if (facts.target !== undefined) return targeted(facts.target);
  if (facts.action !== undefined) {
    // Unsigned queries are legitimate: AssumeRoleWithWebIdentity and AssumeRoleWithSAML bring their own proof.
    return facts.version === undefined ? "sts" : byVersion.get(facts.version);
  }
  return lambdaPath.test(facts.path) ? "lambda" : "s3";
}

/** The service of a target, by what stands before its first dot. */
function targeted(target: string): ServiceName | undefined {
  const dot = target.indexOf(".");
  return byTarget.get(dot === -1 ? target : target.slice(0, dot));
}
