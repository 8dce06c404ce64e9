import { expect, test } from "bun:test";
import type { AccountId } from "#contracts";
import type { Operation, OperationPermission, Service } from "#data-plane/service";
import { expectDeclared, offeredOperations } from "./declared.ts";

const permission: OperationPermission = { actions: ["sqs:SendMessage"], level: "Write", resources: ["*"] };
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
