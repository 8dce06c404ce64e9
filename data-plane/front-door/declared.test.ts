import { expect, test } from "bun:test";
import type { AccountId } from "#contracts";
import type { Operation, OperationPermission, Service } from "#data-plane/service";
import { expectDeclared, expectDeclaredKeys, offeredOperations } from "./declared.ts";

const permission: OperationPermission = {
  actions: ["sqs:SendMessage"],
  level: "Write",
  resources: ["*"],
  conditionKeys: ["aws:ResourceTag/${TagKey}", "sqs:Some.Key"],
};
const operation: Operation<never, unknown> = { access: () => [], handle: () => ({}) };
const service = (operations: readonly string[], declared: readonly string[]): Service => ({
  name: "sqs",
  operations: new Map(operations.map((name) => [name, operation])),
  permissions: Object.fromEntries(declared.map((name) => [name, permission])),
  close: async () => {},
});
const asked = (action: string) => ({ action, resource: "*", resourceAccount: "1" as AccountId });

test("every operation is declared, and every entry is an operation", () => {
  expect(offeredOperations(service(["a", "b"], ["a", "b"])).size).toBe(2);
  expect(() => offeredOperations(service(["a", "constructor"], ["a"]))).toThrow("sqs:constructor has no entry");
  expect(() => offeredOperations(service(["a"], ["a", "b"]))).toThrow("sqs:b is in the table");
});

test("an operation asks about what it declares, in any case", () => {
  const offered = offeredOperations(service(["a"], ["a"])).get("a")!;
  expectDeclared(offered, asked("sqs:SendMessage"));
  expectDeclared(offered, asked("sqs:sendmessage"));
  expect(() => expectDeclared(offered, asked("sqs:DeleteMessage"))).toThrow("asked about sqs:DeleteMessage");
});

test("a question brings the condition keys that are declared, and no others", () => {
  const offered = offeredOperations(service(["a"], ["a"])).get("a")!;
  const bringing = (conditions: Record<string, string | undefined>) => ({ ...asked("sqs:SendMessage"), conditions });
  expectDeclaredKeys(offered, asked("sqs:SendMessage"));
  expectDeclaredKeys(offered, bringing({ "aws:resourcetag/a/b": "x", "sqs:some.key": "x", "sqs:absent": undefined }));
  for (const key of ["aws:resourcetag/", "aws:requesttag/a", "sqs:some-key", "sqs:some.key2", "SQS:some.key"]) {
    expect(() => expectDeclaredKeys(offered, bringing({ [key]: "x" }))).toThrow(`sqs:SendMessage brings ${key}`);
  }
});
