import { describe, expect, test } from "bun:test";
import { AwsError, decodeInput, loadServiceModel, routeOperation } from "../index.ts";
import { createServiceModel } from "../model/service-model.ts";
import { maxNesting } from "../values/limits.ts";
import { wireRequest } from "../wire-request.testing.ts";
import { createJsonDecoders } from "./decode-json.ts";
import { createJsonEncoders } from "./encode-json.ts";
import { parseJsonBody } from "./parse-body.ts";

const model = await loadServiceModel("dynamodb");

const sqs = await loadServiceModel("sqs");

function decodeSqs(operation: string, body: string): unknown {
  const request = wireRequest("POST", "/", { "x-amz-target": `AmazonSQS.${operation}` });
  return decodeInput(routeOperation(sqs, request), request, new TextEncoder().encode(body));
}

function decode(operation: string, body: string): unknown {
  const request = wireRequest("POST", "/", { "x-amz-target": `DynamoDB_20120810.${operation}` });
  return decodeInput(routeOperation(model, request), request, new TextEncoder().encode(body));
}

function refusal(operation: string, body: string): AwsError {
  try {
    decode(operation, body);
  } catch (error) {
    if (error instanceof AwsError) return error;
    throw error;
  }
  throw new Error("it was decoded");
}

describe("JSON inputs", () => {
  test("keep what the model has, drop what it has not, take null for absent", () => {
    const body =
      '{"TableName":"t","Key":{"a":{"S":"x"}},"Unknown":{"deep":[1]},"ConsistentRead":null,"constructor":1,"AttributesToGet":["a",null],"ExpressionAttributeNames":{"#a":null}}';
    expect(decode("GetItem", body)).toEqual({
      TableName: "t",
      Key: { a: { S: "x" } },
      AttributesToGet: ["a"],
      ExpressionAttributeNames: {},
    });
  });

  test("leave nulls where attribute values are due: the service says what it thinks of them", () => {
    const item = '{"n":null,"m":{"M":{"n":null}},"l":{"L":[null,{"SS":["a",null]}]}}';
    const input = decode("UpdateItem", `{"Key":${item},"AttributeUpdates":{"n":null},"Expected":{"n":null}}`);
    expect(input).toEqual({ Key: JSON.parse(item), AttributeUpdates: { n: null }, Expected: { n: null } });
  });

  test.each(["x", "!!!!"])("refuse a blob of %j", (text) => {
    const input = { MessageAttributes: { a: { DataType: "Binary", BinaryValue: text } } };
    expect(() => decodeSqs("SendMessage", JSON.stringify(input))).toThrow(
      text === "x"
        ? "Base64 encoded length is expected a multiple of 4 bytes but found: 1"
        : "Invalid Base64 character",
    );
  });

  test("convert blobs at every depth", () => {
    const input = { MessageAttributes: { a: { DataType: "Binary", BinaryValue: "AAH/" } } };
    expect(decodeSqs("SendMessage", JSON.stringify(input))).toEqual({
      MessageAttributes: { a: { DataType: "Binary", BinaryValue: new Uint8Array([0, 1, 255]) } },
    });
  });

  test("leave attribute values as they are: the service looks at each of them", () => {
    const item = '{"a":{"B":"YR==","Unknown":[{"deep":null}]},"b":{"L":[{"N":1}]},"c":{}}';
    expect(JSON.stringify(decode("PutItem", `{"Item":${item},"Unknown":1}`))).toBe(`{"Item":${item}}`);
  });

  test("drop and convert in one structure", () => {
    const body =
      '{"TableName":"t","Item":{"a":{"S":"x"},"__proto__":{"S":"p"}},"Unknown":1,"ExpressionAttributeNames":{"#a":null,"#b":"b"},"ReturnValues":"NONE"}';
    const input = decode("PutItem", body) as { Item: object };
    expect(JSON.stringify(input)).toBe(
      '{"TableName":"t","Item":{"a":{"S":"x"},"__proto__":{"S":"p"}},"ExpressionAttributeNames":{"#b":"b"},"ReturnValues":"NONE"}',
    );
    expect(Object.getPrototypeOf(input.Item)).toBe(Object.prototype);
  });

  test("hold attributes named like properties of objects", () => {
    const input = decode("PutItem", '{"TableName":"t","Item":{"__proto__":{"S":"x"},"constructor":{"S":"y"}}}');
    const item = (input as { Item: object }).Item;
    expect(Object.getPrototypeOf(item)).toBe(Object.prototype);
    expect(Object.keys(item)).toEqual(["__proto__", "constructor"]);
    const operation = model.operation("GetItem");
    if (operation === undefined) throw new Error("no GetItem");
    expect(createJsonEncoders(false).structure(operation.output)({ Item: item })).toBe(
      '{"Item":{"__proto__":{"S":"x"},"constructor":{"S":"y"}}}',
    );
  });

  test.each([
    ['{"TableName":1}', "NUMBER_VALUE cannot be converted to String"],
    ['{"TableName":1.5}', "DECIMAL_VALUE cannot be converted to String"],
    ['{"TableName":true}', "TRUE_VALUE cannot be converted to String"],
    ['{"TableName":{}}', "Start of structure or map found where not expected."],
    ['{"TableName":[]}', "Unrecognized collection type class java.lang.String"],
    ['{"ConsistentRead":"true"}', "STRING_VALUE cannot be converted to Boolean"],
    ['{"AttributesToGet":"a"}', "Unexpected field type"],
    ['{"AttributesToGet":{"a":1}}', "Start of structure or map found where not expected."],
    ['{"Key":"a"}', "Unexpected field type"],
    ['{"Key":{"a":"x"}}', "Unexpected field type"],
    ['{"Key":{"a":[]}}', "Unrecognized collection type class AttributeValue"],
  ])("%s is a SerializationException", (body, message) => {
    expect(refusal("GetItem", body)).toMatchObject({ code: "SerializationException", statusCode: 400, message });
  });

  test.each(["{", "[1]", '"a"', "nul", "{'a':1}", "\u0000"])("%j is no request at all", (body) => {
    expect(refusal("GetItem", body)).toMatchObject({ code: "SerializationException", statusCode: 400 });
  });

  test("malformed JSON has no message, as on AWS", () => {
    expect(refusal("GetItem", "{").message).toBe("");
  });

  test("fractions of integers are cut off, strings are not numbers", () => {
    expect(decode("Query", '{"TableName":"t","Limit":1.9}')).toEqual({ TableName: "t", Limit: 1 });
    expect(refusal("Query", '{"Limit":"1"}').message).toBe("STRING_VALUE cannot be converted to Integer");
  });

  test("nesting has a limit, and the stack is never at risk", () => {
    const nested = (levels: number): string =>
      `{"TableName":"t","Item":{"a":${'{"L":['.repeat(levels)}{"S":"x"}${"]}".repeat(levels)}}}`;
    // What is in attribute values is the service's matter.
    expect(decode("PutItem", nested(32))).toBeDefined();
    expect(decode("PutItem", nested(5_000))).toBeDefined();
    const list = (levels: number) =>
      `{"MessageAttributes":{"a":{"StringListValues":${"[".repeat(levels)}${"]".repeat(levels)}}}}`;
    for (const levels of [maxNesting, 100_000]) {
      expect(() => decodeSqs("SendMessage", list(levels))).toThrow(AwsError);
    }
  });
});

test("big numbers keep every digit in both directions", () => {
  const raw = createServiceModel({
    service: "logs",
    protocols: ["awsJson1_1"],
    version: "1",
    errorNamespace: "",
    operations: { Count: { input: "Numbers", output: "Numbers" } },
    shapes: { Numbers: { kind: "structure", members: { whole: "$I", exact: "$D", list: "$[I" } } },
  });
  const operation = raw.operation("Count");
  if (operation === undefined) throw new Error("no operation");
  const text = '{"whole":123456789012345678901234567890,"exact":1.10,"list":[9007199254740993,1]}';
  const value = createJsonDecoders(false).structure(operation.input)(
    parseJsonBody(new TextEncoder().encode(text), operation.input),
    0,
  );
  expect(value).toEqual({
    whole: 123456789012345678901234567890n,
    exact: "1.10",
    list: [9007199254740993n, 1n],
  });
  expect(createJsonEncoders(false).structure(operation.output)(value)).toBe(text);
});
