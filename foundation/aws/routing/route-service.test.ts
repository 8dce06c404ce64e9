import { expect, test } from "bun:test";
import { type RequestFacts, routeService } from "./route-service.ts";

const nothing: RequestFacts = {
  scopeService: undefined,
  target: undefined,
  action: undefined,
  version: undefined,
  path: "/",
};

test.each([
  [
    "the scope before everything",
    { scopeService: "sqs", target: "DynamoDB_20120810.GetItem", action: "RunInstances" },
    "sqs",
  ],
  ["DynamoDB by its scope", { scopeService: "dynamodb", target: "DynamoDB_20120810.GetItem" }, "dynamodb"],
  [
    "DynamoDB Streams by target within DynamoDB's scope",
    { scopeService: "dynamodb", target: "DynamoDBStreams_20120810.ListStreams" },
    "dynamodb-streams",
  ],
  ["load balancing by its signing name", { scopeService: "elasticloadbalancing", action: "X" }, "elbv2"],
  ["a service that is not here", { scopeService: "kinesis", target: "Kinesis_20131202.ListStreams" }, undefined],
  ["a scope named like a property", { scopeService: "constructor" }, undefined],
  ["the target of an unsigned request", { target: "AmazonSQS.ListQueues" }, "sqs"],
  ["an unknown target", { target: "Kinesis_20131202.ListStreams" }, undefined],
  ["the version of an unsigned query", { action: "AssumeRoleWithSAML", version: "2011-06-15" }, "sts"],
  ["an unsigned query without version", { action: "AssumeRoleWithWebIdentity" }, "sts"],
  ["an unknown version", { action: "X", version: "1999-01-01" }, undefined],
  ["Lambda's paths", { path: "/2015-03-31/functions/f/invocations" }, "lambda"],
  ["Lambda's list", { path: "/2015-03-31/functions" }, "lambda"],
  ["a bucket with a date", { path: "/2015-03-31/photos/a.jpg" }, "s3"],
  ["everything else", { path: "/bucket/key" }, "s3"],
])("routeService knows %s", (_, facts, service) => {
  expect(routeService({ ...nothing, ...facts })).toBe(service as ReturnType<typeof routeService>);
});
