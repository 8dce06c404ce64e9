import { describe, expect, test } from "bun:test";
import { parseSignature } from "#foundation/aws/sigv4";
import { addresseeOf, dialectFor, likelyAddressee, mayBeForm } from "./addressee.ts";
import { fakeRequest, type RequestPlan, signed } from "./testing/fake-request.ts";

const credential = { accessKeyId: "AKIA", secretAccessKey: "s" };
const addressee = (plan: RequestPlan, form?: string): string => {
  const request = fakeRequest(plan);
  return addresseeOf(request, parseSignature(request), form === undefined ? undefined : Buffer.from(form));
};
const withHeaders = (...headers: (readonly [string, string])[]): RequestPlan => ({ method: "POST", headers });
const FORM = ["content-type", "application/x-www-form-urlencoded; charset=utf-8"] as const;

describe("addresseeOf()", () => {
  test.each(["s3", "dynamodb", "sqs", "lambda", "ec2", "iam", "sts", "logs"])("the scope names %s", (service) => {
    expect(addressee(signed({}, { credential, service }))).toBe(service);
  });

  test("the scope is believed before anything else", () => {
    const target = ["x-amz-target", "DynamoDB_20120810.ListTables"] as const;
    expect(addressee(signed({ headers: [["host", "x"], target] }, { credential, service: "s3" }))).toBe("s3");
    expect(addressee(signed({ query: "Action=ListUsers&Version=2010-05-08" }, { credential }))).toBe("s3");
  });

  test("without a signature: target, then action in form or query, then the path, then S3", () => {
    expect(addressee(withHeaders(["x-amz-target", "AmazonSQS.SendMessage"]))).toBe("sqs");
    expect(addressee(withHeaders(FORM), "Action=AssumeRoleWithWebIdentity&Version=2011-06-15")).toBe("sts");
    expect(addressee({ query: "Action=AssumeRoleWithWebIdentity&Version=2011-06-15" })).toBe("sts");
    expect(addressee({ path: "/111122223333/queue", query: "Version=2012-11-05&Action=SendMessage" })).toBe("sqs");
    expect(addressee({ path: "/2015-03-31/functions/f/invocations" })).toBe("lambda");
    expect(addressee({ path: "/photos/cat.png" })).toBe("s3");
    expect(addressee(withHeaders(FORM), "just a body")).toBe("s3");
  });

  test("Signature Version 2 is S3's", () => {
    const query = "AWSAccessKeyId=A&Signature=x&Expires=1";
    expect(addressee({ query })).toBe("s3");
    expect(addressee({ query: `${query}&Action=ListUsers&Version=2010-05-08` })).toBe("s3");
  });

  test("services that are not here", () => {
    expect(() => addressee(signed({}, { credential, service: "kms" }))).toThrow("does not have");
    expect(() => addressee(withHeaders(["x-amz-target", "TrentService.Encrypt"]))).toThrow("does not have");
    expect(() => addressee({ query: "Action=CreateTopic&Version=2010-03-31" })).toThrow("does not have");
  });
});

test("mayBeForm() wants a POST, a form and no target", () => {
  expect(mayBeForm(fakeRequest(withHeaders(FORM)))).toBe(true);
  expect(mayBeForm(fakeRequest({ ...withHeaders(FORM), method: "PUT" }))).toBe(false);
  expect(mayBeForm(fakeRequest(withHeaders(FORM, ["x-amz-target", "AmazonSQS.SendMessage"])))).toBe(false);
  expect(mayBeForm(fakeRequest(withHeaders(["content-type", "text/plain"])))).toBe(false);
  expect(mayBeForm(fakeRequest(withHeaders()))).toBe(false);
});

test("likelyAddressee() finds somebody whose errors the client understands", () => {
  expect(likelyAddressee(fakeRequest(withHeaders(["x-amz-target", "DynamoDB_20120810.GetItem"])))).toBe("dynamodb");
  expect(likelyAddressee(fakeRequest(withHeaders(["x-amz-target", "TrentService.Encrypt"])))).toBe("logs");
  expect(likelyAddressee(fakeRequest(withHeaders(FORM)))).toBe("sts");
  expect(likelyAddressee(fakeRequest(withHeaders(["content-type", "application/json"])))).toBe("lambda");
  expect(likelyAddressee(fakeRequest({}))).toBe("s3");
});

test("dialectFor() follows the protocol where a service speaks two", () => {
  expect([dialectFor("sqs", "awsJson1_0"), dialectFor("sqs", "awsQuery"), dialectFor("ec2", "ec2Query")]).toEqual([
    "rest-json",
    "query",
    "ec2",
  ]);
});
