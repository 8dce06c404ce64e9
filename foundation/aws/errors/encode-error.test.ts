import { describe, expect, test } from "bun:test";
import { crc32 } from "node:zlib";
import { AwsError, encodeError, loadServiceModel, type ProtocolName, type ServiceName, s3Error } from "../index.ts";

async function encode(service: ServiceName, protocol: ProtocolName, error: AwsError, more: object = {}) {
  const answer = encodeError(await loadServiceModel(service), protocol, error, { requestId: "REQ", ...more });
  return { ...answer, headers: Object.fromEntries(answer.headers.map(([name, value]) => [name.toLowerCase(), value])) };
}

describe("encodeError", () => {
  test("S3 writes a bare Error with fields, resource, and both ids", async () => {
    const error = s3Error("NoSuchKey", { fields: { Key: "a&b", Absent: undefined } });
    expect(await encode("s3", "restXml", error, { hostId: "HOST", resource: "/b/a%26b" })).toEqual({
      status: 404,
      headers: { "x-amz-request-id": "REQ", "x-amz-id-2": "HOST", "content-type": "application/xml" },
      body: '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message><Key>a&amp;b</Key><Resource>/b/a%26b</Resource><RequestId>REQ</RequestId><HostId>HOST</HostId></Error>',
    });
  });

  test("S3's own table gives the status that the model lacks", async () => {
    expect((await encode("s3", "restXml", new AwsError("BucketNotEmpty", "no"))).status).toBe(409);
    expect((await encode("s3", "restXml", new AwsError("Whatever", "no"))).status).toBe(400);
    expect((await encode("s3", "restXml", new AwsError("Whatever", "no", { fault: "server" }))).status).toBe(500);
    expect((await encode("s3", "restXml", new AwsError("NoSuchKey", "no", { statusCode: 418 }))).status).toBe(418);
  });

  test("HEAD and 304 have no body", async () => {
    const error = s3Error("NotModified", { headers: [["ETag", '"x"']] });
    expect(await encode("s3", "restXml", error)).toMatchObject({ status: 304, body: null, headers: { etag: '"x"' } });
    expect((await encode("s3", "restXml", s3Error("NoSuchKey"), { headOnly: true })).body).toBeNull();
  });

  test("SQS says the shape in JSON and the old code in a header", async () => {
    const answer = await encode("sqs", "awsJson1_0", new AwsError("QueueDoesNotExist", "gone"));
    expect(answer.headers).toMatchObject({
      "content-type": "application/x-amz-json-1.0",
      "x-amzn-query-error": "AWS.SimpleQueueService.NonExistentQueue;Sender",
    });
    expect(answer.body).toBe('{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"gone"}');
  });

  test("SQS says the old code in the query protocol, whichever name the service threw", async () => {
    const body =
      '<ErrorResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/"><Error><Type>Sender</Type><Code>AWS.SimpleQueueService.NonExistentQueue</Code><Message>gone</Message></Error><RequestId>REQ</RequestId></ErrorResponse>';
    for (const code of ["QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"]) {
      expect((await encode("sqs", "awsQuery", new AwsError(code, "gone"))).body).toBe(body);
    }
  });

  test("SQS's common errors have a name for JSON and a code for the query protocol, whichever the service threw", async () => {
    for (const [code, type, header, key] of [
      ["InvalidParameterValue", "InvalidParameterValueException", "InvalidParameterValue;Sender", "message"],
      ["MissingParameter", "MissingRequiredParameterException", "MissingParameter;Sender", "message"],
      ["AccessDenied", "AccessDeniedException", "AccessDenied;Sender", "Message"],
      ["SerializationException", "SerializationException", "MalformedInput;Sender", "Message"],
      ["UnrecognizedClientException", "UnrecognizedClientException", "InvalidClientTokenId;Sender", "message"],
      ["InternalFailure", "InternalFailure", "InternalFailure;Sender", "message"],
    ] as const) {
      const answer = await encode("sqs", "awsJson1_0", new AwsError(code, "m"));
      expect(answer.body).toBe(`{"__type":"com.amazon.coral.service#${type}","${key}":"m"}`);
      expect(answer.headers["x-amzn-query-error"]).toBe(header);
      const old = await encode("sqs", "awsQuery", new AwsError(code, "m"));
      expect(old.body).toContain(`<Code>${header.split(";")[0]}</Code>`);
    }
  });

  test("DynamoDB's three namespaces and two spellings of the message", async () => {
    const body = async (code: string) => (await encode("dynamodb", "awsJson1_0", new AwsError(code, "m"))).body;
    expect(await body("ResourceNotFoundException")).toBe(
      '{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"m"}',
    );
    expect(await body("ValidationException")).toBe(
      '{"__type":"com.amazon.coral.validate#ValidationException","message":"m"}',
    );
    expect(await body("SerializationException")).toBe(
      '{"__type":"com.amazon.coral.service#SerializationException","Message":"m"}',
    );
    expect(await body("UnrecognizedClientException")).toBe(
      '{"__type":"com.amazon.coral.service#UnrecognizedClientException","message":"m"}',
    );
  });

  test("DynamoDB's checksum is that of the body", async () => {
    const answer = await encode("dynamodb", "awsJson1_0", new AwsError("ResourceNotFoundException", "\u00e9"));
    expect(answer.headers["x-amz-crc32"]).toBe(String(crc32(Buffer.from(String(answer.body), "utf8"))));
  });

  test("modelled members of an error are encoded by their shapes", async () => {
    const error = new AwsError("ConditionalCheckFailedException", "The conditional request failed", {
      fields: { Item: { a: { B: "AQ==" } } },
    });
    expect((await encode("dynamodb", "awsJson1_0", error)).body).toBe(
      '{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"The conditional request failed","Item":{"a":{"B":"AQ=="}}}',
    );
  });

  test("Lambda names the error in a header and whose fault it is in the body", async () => {
    const answer = await encode("lambda", "restJson1", new AwsError("ResourceNotFoundException", "Function not found"));
    expect(answer.status).toBe(404);
    expect(answer.headers["x-amzn-errortype"]).toBe("ResourceNotFoundException");
    expect(JSON.parse(String(answer.body))).toEqual({ Type: "User", Message: "Function not found" });
  });

  test("IAM and EC2 write their envelopes, each with its own request id element", async () => {
    const iam = await encode("iam", "awsQuery", new AwsError("NoSuchEntityException", "<none>"));
    expect(iam.status).toBe(404);
    expect(iam.body).toBe(
      '<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>NoSuchEntity</Code><Message>&lt;none&gt;</Message></Error><RequestId>REQ</RequestId></ErrorResponse>',
    );
    const ec2 = await encode("ec2", "ec2Query", new AwsError("InvalidVpcID.NotFound", "none"));
    expect(ec2.status).toBe(400);
    expect(ec2.body).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error><Code>InvalidVpcID.NotFound</Code><Message>none</Message></Error></Errors><RequestID>REQ</RequestID></Response>',
    );
  });

  test("codes named like properties of objects are just codes", async () => {
    for (const code of ["__proto__", "constructor", "toString"]) {
      expect((await encode("sqs", "awsJson1_0", new AwsError(code, "m"))).status).toBe(400);
      expect((await encode("s3", "restXml", new AwsError(code, "m"))).status).toBe(400);
    }
  });
});
