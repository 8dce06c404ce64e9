import { expect, test } from "bun:test";
import { isDataPlaneCommand } from "./data-plane-commands.ts";

test.each([
  ["queue.create", true],
  ["user.configure", true],
  ["accessKey.create", true],
  ["bucket.delete", true],
  ["account.configure", true],
  ["account.create", false],
  ["dataPlane.forget", false],
  ["invitation.create", false],
  ["session.open", false],
  ["member.change", false],
  ["apiToken.create", false],
  ["constructor", false],
  [".user", false],
  ["", false],
])("a data plane's command %p: %p", (type, allowed) => {
  expect(isDataPlaneCommand({ type })).toBe(allowed);
});

test.each([null, 1, "queue.create", {}, { type: 1 }])("%p is no command of a data plane", (command) => {
  expect(isDataPlaneCommand(command)).toBe(false);
});
