import { describe, expect, test } from "bun:test";
import type { MessageToGateway } from "#contracts";
import { readMessageToGateway } from "./fleet-messages.ts";

const digest = `sha256:${"0".repeat(64)}`;
const desired = { artifact_id: "a", digest, generation: 1 };

const SOUND: readonly MessageToGateway[] = [
  { type: "registered", data_plane_id: "x", heartbeat_interval_secs: 30 },
  { type: "registration_failed", reason: "revoked_key", retry: false },
  { type: "registration_failed", reason: "a reason of a later version", message: "x", retry: true },
  { type: "heartbeat_ack" },
  { type: "heartbeat_ack", desired },
  { type: "artifact_available", ...desired, download_path: "/artifacts/a/download" },
  { type: "disconnect", reason: "removed", retry: false },
];

describe("a message of the control plane", () => {
  test.each(SOUND.map((message) => [message.type, message]))("%s is read", (_, message) => {
    expect(readMessageToGateway(JSON.stringify(message))).toEqual(message);
    expect(readMessageToGateway(JSON.stringify({ ...message, later: 1 }))).toEqual({ ...message, later: 1 } as never);
  });

  test("of a type to come is told apart", () => {
    expect(readMessageToGateway('{"type":"later"}')).toBe("unknown");
    expect(readMessageToGateway('{"type":"toString"}')).toBe("unknown");
  });

  test.each([
    "",
    "[]",
    "null",
    "{}",
    '{"type":1}',
    '{"type":"registered","data_plane_id":"x"}',
    '{"type":"registered","data_plane_id":"x","heartbeat_interval_secs":-1}',
    '{"type":"registered","data_plane_id":"","heartbeat_interval_secs":30}',
    '{"type":"registration_failed","reason":"x"}',
    '{"type":"disconnect","reason":"x","retry":"false"}',
    '{"type":"heartbeat_ack","desired":null}',
    JSON.stringify({ type: "heartbeat_ack", desired: { ...desired, digest: "sha256:0" } }),
    JSON.stringify({ type: "heartbeat_ack", desired: { ...desired, generation: 1.5 } }),
    JSON.stringify({ type: "heartbeat_ack", desired: { ...desired, generation: -1 } }),
    JSON.stringify({ type: "artifact_available", ...desired }),
    JSON.stringify({ type: "artifact_available", ...desired, download_path: "http://evil.example/" }),
  ])("is not %p", (text) => {
    expect(readMessageToGateway(text)).toBeUndefined();
  });
});
