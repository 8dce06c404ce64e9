import { describe, expect, test } from "bun:test";
import { loadServiceModel, type ServiceName, validateInput, validationMessage } from "../index.ts";

async function violations(service: ServiceName, operation: string, input: Record<string, unknown>) {
  const model = await loadServiceModel(service);
  const found = model.operation(operation);
  if (found === undefined) throw new Error(`no ${operation}`);
  return validateInput(model, found, input);
}

describe("validateInput", () => {
  test("finds nothing wrong with a good input", async () => {
    expect(
      await violations("iam", "CreateUser", { UserName: "ada", Path: "/", Tags: [{ Key: "a", Value: "" }] }),
    ).toEqual([]);
    expect(await violations("s3", "PutObject", { Bucket: "b", Key: "k", ACL: "private" })).toEqual([]);
    expect(await violations("sts", "GetCallerIdentity", {})).toEqual([]);
  });

  test("names required members at every depth, in AWS's words", async () => {
    const found = await violations("iam", "TagUser", {
      UserName: "ada",
      Tags: [{ Key: "a", Value: "b" }, { Value: "c" }],
    });
    expect(found).toEqual([
      {
        kind: "required",
        path: "tags.2.member.key",
        message: "Value null at 'tags.2.member.key' failed to satisfy constraint: Member must not be null",
      },
    ]);
    expect(await violations("iam", "TagUser", {})).toHaveLength(2);
  });

  test("checks length, pattern, range and enum", async () => {
    const name = await violations("iam", "CreateUser", { UserName: "a".repeat(65) });
    expect(validationMessage(name)).toBe(
      `1 validation error detected: Value '${"a".repeat(65)}' at 'userName' failed to satisfy constraint: Member must have length less than or equal to 64`,
    );
    expect((await violations("iam", "CreateUser", { UserName: "no spaces" })).map(({ kind }) => kind)).toEqual([
      "pattern",
    ]);
    expect((await violations("iam", "CreateUser", { UserName: "" })).map(({ kind }) => kind)).toEqual([
      "length",
      "pattern",
    ]);
    const duration = { RoleArn: "arn:aws:iam::123456789012:role/r", RoleSessionName: "session", DurationSeconds: 899 };
    expect((await violations("sts", "AssumeRole", duration)).map(({ kind }) => kind)).toEqual(["range"]);
    expect(
      (await violations("s3", "PutObject", { Bucket: "b", Key: "k", ACL: "everyone" })).map(({ kind }) => kind),
    ).toEqual(["enum"]);
    expect((await violations("s3", "PutObject", { Bucket: "b", Key: "" })).map(({ path }) => path)).toEqual(["key"]);
  });

  test("counts characters, not UTF-16 units", async () => {
    const limit = { UserName: "ada", Tags: [{ Key: "\u{1f600}".repeat(128), Value: "" }] };
    const over = { UserName: "ada", Tags: [{ Key: "\u{1f600}".repeat(129), Value: "" }] };
    expect((await violations("iam", "CreateUser", limit)).map(({ kind }) => kind)).not.toContain("length");
    expect((await violations("iam", "CreateUser", over)).map(({ kind }) => kind)).toContain("length");
  });

  test("reports no more than its limit", async () => {
    const tags = Array.from({ length: 1000 }, () => ({}));
    expect((await violations("iam", "TagUser", { UserName: "ada", Tags: tags })).length).toBe(10);
  });

  test("recursive structures are followed", async () => {
    const deep = { L: [{ M: { a: { S: "x" } } }] };
    expect(await violations("dynamodb", "PutItem", { TableName: "t", Item: { a: deep } })).toEqual([]);
  });
});
