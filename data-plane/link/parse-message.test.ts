import { describe, expect, test } from "bun:test";
import { parseControlPlaneMessage } from "./parse-message.ts";

const welcome = { type: "welcome", protocol: 1, controlPlaneId: "c", head: 0, heartbeatMs: 1000, sealingKey: "k" };
const bucket = { kind: "bucket", name: "b", bucketId: "i", accountId: "1" };

describe("parseControlPlaneMessage", () => {
  test.each([
    [welcome],
    [{ type: "snapshot", cursor: 1, records: [bucket], last: true }],
    [{ type: "changes", after: 1, through: 2, changes: [{ change: "upsert", key: "b", record: bucket }] }],
    [{ type: "changes", after: 1, through: 1, changes: [{ change: "delete", kind: "bucket", key: "b" }] }],
    [{ type: "commandResult", correlation: 1, outcome: { ok: true, eventId: 1, result: {} } }],
    [{ type: "commandResult", correlation: 1, outcome: { ok: false, code: "Internal", message: "" } }],
    [{ type: "refused", code: "Unauthorized", message: "no" }],
  ])("takes %j", (message) => {
    expect(parseControlPlaneMessage(JSON.stringify(message))).toEqual(message as never);
  });

  test.each([
    ["", "not JSON"],
    ["[]", "an array"],
    ["null", "null"],
    ['{"type":5}', "a type that is no text"],
    [JSON.stringify({ ...welcome, head: -1 }), "a negative head"],
    [JSON.stringify({ ...welcome, head: 1.5 }), "half an event"],
    [JSON.stringify({ ...welcome, head: 2 ** 53 }), "an unsafe number"],
    [JSON.stringify({ ...welcome, sealingKey: undefined }), "no key"],
    [JSON.stringify({ type: "changes", after: 3, through: 2, changes: [] }), "changes that go backwards"],
    [
      JSON.stringify({ type: "changes", after: 1, through: 2, changes: [{ change: "upsert", key: "b", record: {} }] }),
      "no kind",
    ],
    [
      JSON.stringify({ type: "snapshot", cursor: 1, last: true, records: [{ ...bucket, name: 5 }] }),
      "a name that is no text",
    ],
    [
      JSON.stringify({ type: "snapshot", cursor: 1, last: true, records: [{ ...bucket, kind: "__proto__" }] }),
      "a hostile kind",
    ],
    [JSON.stringify({ type: "commandResult", correlation: 1, outcome: { ok: "yes" } }), "an unclear outcome"],
  ])("refuses %s (%s)", (text) => {
    expect(parseControlPlaneMessage(text)).toBeUndefined();
  });

  test("leaves types that it does not know to newer programs", () => {
    expect(parseControlPlaneMessage('{"type":"future"}')).toBe("unknown");
    expect(parseControlPlaneMessage('{"type":"constructor"}')).toBe("unknown");
  });
});
