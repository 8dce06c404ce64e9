import { describe, expect, test } from "bun:test";
import { crc32 } from "node:zlib";
import { encodeOutput, jsonText, loadServiceModel, type ServiceName } from "./index.ts";

async function encode(service: ServiceName, name: string, output: object) {
  const model = await loadServiceModel(service);
  const operation = model.operation(name);
  const protocol = model.protocols[0];
  if (operation === undefined || protocol === undefined) throw new Error(`no ${name}`);
  const answer = encodeOutput({ service: model, operation, protocol, labels: {} }, output, { requestId: "REQ" });
  return { ...answer, headers: Object.fromEntries(answer.headers.map(([key, value]) => [key.toLowerCase(), value])) };
}

describe("encodeOutput", () => {
  test("S3 writes times with zero milliseconds, quotes as references, and nothing for absent members", async () => {
    const answer = await encode("s3", "ListObjectsV2", {
      Name: "b",
      Contents: [
        { Key: "a\u0001\r", ETag: '"e"', LastModified: new Date(1_700_000_000_789), Size: 0, Owner: undefined },
      ],
      CommonPrefixes: [],
    });
    expect(answer.body).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Contents><Key>a&#x1;&#xD;</Key><LastModified>2023-11-14T22:13:20.000Z</LastModified><ETag>&quot;e&quot;</ETag><Size>0</Size></Contents><Name>b</Name></ListBucketResult>',
    );
  });

  test("GetBucketLocation has no element around its value, and none at all in us-east-1", async () => {
    const root = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';
    expect((await encode("s3", "GetBucketLocation", { LocationConstraint: "eu-west-1" })).body).toEndWith(
      `<LocationConstraint ${root}>eu-west-1</LocationConstraint>`,
    );
    expect((await encode("s3", "GetBucketLocation", {})).body).toEndWith(
      `<LocationConstraint ${root}></LocationConstraint>`,
    );
  });

  test("a grantee's type is an attribute with its namespace", async () => {
    const grant = { Grantee: { Type: "CanonicalUser", ID: "1" }, Permission: "READ" };
    expect((await encode("s3", "GetBucketAcl", { Grants: [grant] })).body).toContain(
      '<Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"><ID>1</ID></Grantee><Permission>READ</Permission></Grant>',
    );
  });

  test("GetObject passes its stream through and tells its length apart from the headers", async () => {
    const stream = (async function* () {
      yield new Uint8Array([1]);
    })();
    const answer = await encode("s3", "GetObject", {
      Body: stream,
      ContentLength: 1,
      ContentType: "text/plain",
      Metadata: { a: "1" },
      LastModified: new Date(0),
      ExpiresString: "whenever",
    });
    expect(answer.body).toBe(stream);
    expect(answer.contentLength).toBe(1);
    expect(answer.headers).toEqual({
      "x-amz-request-id": "REQ",
      "content-type": "text/plain",
      "x-amz-meta-a": "1",
      "last-modified": "Thu, 01 Jan 1970 00:00:00 GMT",
      expires: "whenever",
    });
  });

  test("the text of Expires wins over its date, in either order", async () => {
    const both = { Expires: new Date(0), ExpiresString: "whenever" };
    expect((await encode("s3", "GetObject", both)).headers.expires).toBe("whenever");
    expect((await encode("s3", "GetObject", { ExpiresString: "whenever", Expires: new Date(0) })).headers.expires).toBe(
      "whenever",
    );
  });

  test("a value cannot begin another header", async () => {
    const answer = await encode("s3", "GetObject", {
      ContentDisposition: "a\r\nset-cookie: b",
      Metadata: { c: "d\ne" },
    });
    expect(answer.headers["content-disposition"]).toBe("a set-cookie: b");
    expect(answer.headers["x-amz-meta-c"]).toBe("d e");
  });

  test("DynamoDB's checksum is that of the body, and times are seconds", async () => {
    const answer = await encode("dynamodb", "DescribeTable", {
      Table: { TableName: "\u00e9", CreationDateTime: new Date(1_500) },
    });
    expect(answer.body).toBe('{"Table":{"TableName":"\u00e9","CreationDateTime":1.5}}');
    expect(answer.headers["x-amz-crc32"]).toBe(String(crc32(Buffer.from(String(answer.body), "utf8"))));
  });

  test("operations without output answer as their services do", async () => {
    expect(await encode("sqs", "DeleteMessage", {})).toMatchObject({ status: 200, body: "" });
    expect((await encode("iam", "DeleteUser", {})).body).toBe(
      '<DeleteUserResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ResponseMetadata><RequestId>REQ</RequestId></ResponseMetadata></DeleteUserResponse>',
    );
    expect((await encode("ec2", "DeleteVpc", {})).body).toContain("<requestId>REQ</requestId><return>true</return>");
    expect(await encode("s3", "DeleteBucket", {})).toMatchObject({ status: 204, body: null });
  });

  test("IAM's times have no milliseconds, EC2's always have", async () => {
    const date = new Date(1_700_000_000_500);
    const user = { Path: "/", UserName: "u", UserId: "i", Arn: "a", CreateDate: date };
    expect((await encode("iam", "GetUser", { User: user })).body).toContain(
      "<CreateDate>2023-11-14T22:13:20Z</CreateDate>",
    );
    expect((await encode("ec2", "CreateNatGateway", { NatGateway: { CreateTime: date } })).body).toContain(
      "<createTime>2023-11-14T22:13:20.500Z</createTime>",
    );
  });

  test("a value that is not of its shape is the service's defect, not the client's", async () => {
    await expect(encode("dynamodb", "DescribeTable", { Table: "t" })).rejects.toThrow(TypeError);
    await expect(encode("s3", "ListObjectsV2", { KeyCount: "1" })).rejects.toThrow(
      "a service returned string where its model has number",
    );
    await expect(encode("s3", "GetObject", { ETag: 1 })).rejects.toThrow(TypeError);
  });

  test("JSON text that is known is written as it is: structures, lists, maps", async () => {
    const item = '{"a":{"B":"AQ=="},"b":{"N":"1.0"}}';
    expect((await encode("dynamodb", "GetItem", { Item: jsonText(item) })).body).toBe(`{"Item":${item}}`);
    const list = await encode("dynamodb", "Query", { Items: [jsonText(item), { c: { S: "x" } }], Count: 2 });
    expect(list.body).toBe(`{"Items":[${item},{"c":{"S":"x"}}],"Count":2}`);
    expect((await encode("dynamodb", "Query", { Items: jsonText("[]"), Count: 0 })).body).toBe(
      '{"Items":[],"Count":0}',
    );
    expect((await encode("dynamodb", "DescribeTable", { Table: jsonText("{}") })).body).toBe('{"Table":{}}');
  });

  test("DynamoDB's request ids have 52 digits and begin with ours", async () => {
    const { headers } = await encode("dynamodb", "GetItem", {});
    expect(headers["x-amzn-requestid"]).toMatch(/^REQ[0-9A-Z]{49}$/);
  });
});
