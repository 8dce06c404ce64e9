import { describe, expect, test } from "bun:test";
import { AwsError, formParameter, loadServiceModel, routeOperation, type ServiceName } from "../index.ts";
import { wireRequest } from "../wire-request.testing.ts";

async function refused(service: ServiceName, request: ReturnType<typeof wireRequest>, body = ""): Promise<AwsError> {
  const model = await loadServiceModel(service);
  try {
    routeOperation(model, request, { body: new TextEncoder().encode(body) });
  } catch (error) {
    if (error instanceof AwsError) return error;
    throw error;
  }
  throw new Error("it was routed");
}

describe("routeOperation", () => {
  test("SQS speaks JSON with a target and the query protocol without", async () => {
    const model = await loadServiceModel("sqs");
    const json = routeOperation(model, wireRequest("POST", "/", { "x-amz-target": "AmazonSQS.SendMessage" }));
    expect([json.operation.name, json.protocol]).toEqual(["SendMessage", "awsJson1_0"]);
    const body = new TextEncoder().encode("Version=2012-11-05&Action=SendMessage&MessageBody=x");
    const form = routeOperation(model, wireRequest("POST", "/123456789012/queue"), { body });
    expect([form.operation.name, form.protocol]).toEqual(["SendMessage", "awsQuery"]);
    const get = routeOperation(model, wireRequest("GET", "/?Action=ListQueues&Version=2012-11-05"));
    expect(get.operation.name).toBe("ListQueues");
  });

  test("Lambda's labels are decoded once, ARNs and all", async () => {
    const model = await loadServiceModel("lambda");
    const arn = "arn:aws:lambda:us-east-1:123456789012:function:f";
    const routed = routeOperation(
      model,
      wireRequest("POST", `/2015-03-31/functions/${encodeURIComponent(arn)}/invocations`),
    );
    expect([routed.operation.name, routed.labels]).toEqual(["Invoke", { FunctionName: arn }]);
    expect(routeOperation(model, wireRequest("GET", "/2015-03-31/functions/")).operation.name).toBe("ListFunctions");
  });

  test("an operation that no service has is the service's own error", async () => {
    const target = (name: string) => wireRequest("POST", "/", { "x-amz-target": name });
    expect(await refused("sqs", target("AmazonSQS.Nope"))).toMatchObject({
      code: "UnknownOperationException",
      statusCode: 404,
    });
    expect(await refused("dynamodb", target("DynamoDB_20120810.Nope"))).toMatchObject({
      code: "UnknownOperationException",
      statusCode: 400,
    });
    expect(await refused("dynamodb", target("DynamoDB_20120810.__proto__"))).toMatchObject({
      code: "UnknownOperationException",
    });
    expect(await refused("dynamodb", target("DynamoDB_19990101.GetItem"))).toMatchObject({
      code: "UnknownOperationException",
    });
    expect(await refused("dynamodb", target("GetItem"))).toMatchObject({ code: "UnknownOperationException" });
    expect(await refused("lambda", wireRequest("GET", "/2015-03-31/nope"))).toMatchObject({
      code: "UnknownOperationException",
      statusCode: 404,
    });
    expect(await refused("lambda", wireRequest("POST", "/2015-03-31/functions//invocations"))).toMatchObject({
      statusCode: 404,
    });
    expect(await refused("iam", wireRequest("POST", "/"), "Action=Nope&Version=2010-05-08")).toMatchObject({
      code: "InvalidAction",
      statusCode: 400,
    });
    expect(await refused("ec2", wireRequest("POST", "/"), "Action=Nope")).toMatchObject({
      code: "InvalidAction",
      statusCode: 400,
    });
    expect(await refused("iam", wireRequest("POST", "/"), "NotAction=CreateUser")).toMatchObject({
      code: "MissingAction",
      statusCode: 400,
    });
  });
});

test("formParameter finds a parameter by its whole name", () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  expect(formParameter(bytes("Action=A&Version=1"), "Action")).toBe("A");
  expect(formParameter(bytes("Version=1&Action=A\n"), "Action")).toBe("A");
  expect(formParameter(bytes("XAction=A"), "Action")).toBeUndefined();
  expect(formParameter(bytes("Action"), "Action")).toBeUndefined();
  expect(formParameter(bytes(""), "Action")).toBeUndefined();
});
