/** Whatever bytes arrive, routing and decoding end in an input or an `AwsError`, and every error can be encoded. */

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  AwsError,
  decodeInput,
  encodeError,
  loadServiceModel,
  protocolOf,
  routeOperation,
  type ServiceModel,
  type WireRequest,
} from "./index.ts";
import { wireRequest } from "./wire-request.testing.ts";

/** Runs a request to its end. */
function attempt(model: ServiceModel, request: WireRequest, body: Uint8Array): string {
  try {
    const routed = routeOperation(model, request, { body, baseDomains: ["s3.localhost"] });
    decodeInput(routed, request, body);
    return "decoded";
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    const answer = encodeError(model, protocolOf(model, request), error, {
      requestId: "R",
      hostId: "H",
      resource: request.path,
    });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(typeof answer.body).toBe("string");
    return error.code;
  }
}

const noise = fc.constantFrom(
  "%",
  "%2",
  "%ff",
  "..",
  "//",
  "&",
  "=",
  "+",
  ".",
  "<",
  ">",
  '"',
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  "\\",
  "\u0000",
  "\u00e9",
  "__proto__",
  "1",
  "99999999999999999999",
  "true",
  "null",
  " ",
  "member",
  "-",
);

/** Replaces stretches of a valid text by noise. */
function mutated(text: string): fc.Arbitrary<string> {
  const change = fc.record({ at: fc.nat(text.length), remove: fc.nat(8), insert: fc.array(noise, { maxLength: 3 }) });
  return fc
    .array(change, { maxLength: 5 })
    .map((changes) =>
      changes.reduce(
        (result, { at, remove, insert }) => result.slice(0, at) + insert.join("") + result.slice(at + remove),
        text,
      ),
    );
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("hostile requests", () => {
  test("S3 paths, queries, headers and documents", async () => {
    const model = await loadServiceModel("s3");
    const outcomes = new Set<string>();
    const targets = fc.constantFrom(
      "/bucket/some/key?versionId=1",
      "/bucket?delete",
      "/bucket/key?partNumber=1&uploadId=a",
      "/bucket?list-type=2&max-keys=5&prefix=a%20b",
      "/bucket?lifecycle",
      "/bucket/key?tagging",
      "/bucket?acl",
    );
    const documents = fc.constantFrom(
      "<Delete><Object><Key>a&amp;b</Key><VersionId>1</VersionId></Object><Quiet>true</Quiet></Delete>",
      "<LifecycleConfiguration><Rule><ID>1</ID><Filter><Prefix>a</Prefix></Filter><Status>Enabled</Status><Expiration><Days>3</Days></Expiration></Rule></LifecycleConfiguration>",
      "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>",
      '<AccessControlPolicy><AccessControlList><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"><ID>1</ID></Grantee><Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>',
    );
    fc.assert(
      fc.property(
        fc.constantFrom("GET", "PUT", "POST", "DELETE", "HEAD"),
        targets.chain(mutated),
        documents.chain(mutated),
        fc.constantFrom(
          "x-amz-copy-source",
          "if-modified-since",
          "x-amz-meta-__proto__",
          "content-length",
          "range",
          "x-amz-tagging-count",
          "x-amz-object-lock-retain-until-date",
          "host",
        ),
        fc.array(noise, { maxLength: 4 }),
        (method, target, document, header, value) => {
          const request = wireRequest(method, target, { host: "localhost", [header]: value.join("") });
          outcomes.add(attempt(model, request, bytes(document)));
        },
      ),
      { numRuns: 4000 },
    );
    // The mutations must reach what they are for.
    for (const code of ["decoded", "InvalidURI", "MalformedXML", "InvalidArgument"]) expect(outcomes).toContain(code);
  });

  test("DynamoDB and SQS bodies", async () => {
    const outcomes = new Set<string>();
    const dynamodb = await loadServiceModel("dynamodb");
    const sqs = await loadServiceModel("sqs");
    const put = mutated(
      '{"TableName":"t","Item":{"a":{"S":"x"},"b":{"L":[{"N":"1"},{"B":"AAAA"}]},"c":{"M":{"d":{"NULL":true}}}}}',
    );
    const send = mutated(
      '{"QueueUrl":"http://q","MessageBody":"b","DelaySeconds":1,"MessageAttributes":{"a":{"DataType":"String","StringValue":"x"}}}',
    );
    fc.assert(
      fc.property(put, send, (item, message) => {
        const putItem = wireRequest("POST", "/", { "x-amz-target": "DynamoDB_20120810.PutItem" });
        const sendMessage = wireRequest("POST", "/", { "x-amz-target": "AmazonSQS.SendMessage" });
        outcomes.add(attempt(dynamodb, putItem, bytes(item)));
        outcomes.add(attempt(sqs, sendMessage, bytes(message)));
      }),
      { numRuns: 2000 },
    );
    expect(outcomes).toEqual(new Set(["decoded", "SerializationException"]));
  });

  test("query bodies", async () => {
    const outcomes = new Set<string>();
    const iam = await loadServiceModel("iam");
    const ec2 = await loadServiceModel("ec2");
    const user = mutated(
      "Action=CreateUser&Version=2010-05-08&UserName=ada&Tags.member.1.Key=a&Tags.member.1.Value=b%20c",
    );
    const run = mutated(
      "Action=RunInstances&Version=2016-11-15&MinCount=1&MaxCount=2&BlockDeviceMapping.1.Ebs.VolumeSize=8&DryRun=true",
    );
    fc.assert(
      fc.property(user, run, (one, other) => {
        outcomes.add(attempt(iam, wireRequest("POST", "/"), bytes(one)));
        outcomes.add(attempt(ec2, wireRequest("POST", "/"), bytes(other)));
      }),
      { numRuns: 2000 },
    );
    for (const code of ["decoded", "InvalidAction", "MalformedQueryString", "InvalidParameterValue"]) {
      expect(outcomes).toContain(code);
    }
  });

  test("Lambda paths and bodies", async () => {
    const outcomes = new Set<string>();
    const model = await loadServiceModel("lambda");
    const target = mutated("/2015-03-31/functions/f%3A1/aliases/live?Qualifier=1&MaxItems=5");
    const body = mutated(
      '{"FunctionVersion":"1","RoutingConfig":{"AdditionalVersionWeights":{"2":0.5}},"Description":"d"}',
    );
    fc.assert(
      fc.property(fc.constantFrom("GET", "PUT", "DELETE"), target, body, (method, path, text) => {
        outcomes.add(attempt(model, wireRequest(method, path), bytes(text)));
      }),
      { numRuns: 2000 },
    );
    for (const code of ["decoded", "UnknownOperationException", "InvalidRequestContentException"]) {
      expect(outcomes).toContain(code);
    }
  });

  test("random bytes", async () => {
    const models = await Promise.all((["s3", "dynamodb", "lambda", "iam", "ec2"] as const).map(loadServiceModel));
    fc.assert(
      fc.property(
        fc.constantFrom(...models),
        fc.uint8Array({ maxLength: 200 }),
        fc.string({ unit: "binary" }),
        (model, body, path) => {
          const name = model.operationNames[body.length % model.operationNames.length];
          const headers: Record<string, string> =
            model.targetPrefix === undefined ? {} : { "x-amz-target": `${model.targetPrefix}.${name}` };
          attempt(model, wireRequest(model.operation(name ?? "")?.method ?? "GET", `/${path}`, headers), body);
        },
      ),
      { numRuns: 3000 },
    );
  });

  test("work stays in proportion to the request", async () => {
    const iam = await loadServiceModel("iam");
    const s3 = await loadServiceModel("s3");
    const size = 250_000;
    const form = "Action=CreateUser&";
    const post = wireRequest("POST", "/");
    // Each of these would run for a minute and more if any step were quadratic.
    expect(attempt(iam, post, bytes(form + "a.".repeat(size)))).toBe("MalformedInput");
    expect(attempt(iam, post, bytes(`${form}${"Tags.member.999999999.Key=a&".repeat(10_000)}`))).toBe("decoded");
    expect(attempt(iam, post, bytes(form + "a=b&".repeat(size)))).toBe("MalformedQueryString");
    expect(attempt(iam, post, bytes(form + "%".repeat(size)))).toBe("MalformedQueryString");
    expect(attempt(s3, wireRequest("GET", `/b/${"%41".repeat(size)}`), bytes(""))).toBe("decoded");
    expect(attempt(s3, wireRequest("GET", `/b?${"a&".repeat(size)}`), bytes(""))).toBe("InvalidURI");
    const lambda = await loadServiceModel("lambda");
    expect(attempt(lambda, wireRequest("GET", "/a".repeat(size)), bytes(""))).toBe("UnknownOperationException");
  });
});
