import { describe, expect, test } from "bun:test";
import type { DesiredArtifact } from "#contracts";
import { seededRandom } from "#control-plane/core/testing";
import { randomBelow } from "#foundation/runtime";
import { initialSession, stepSession } from "./session-machine.ts";
import type { SessionEffect, SessionEvent, SessionSurroundings } from "./session-machine-types.ts";
import { digestOf, HEALTH, registration } from "./testing/messages.ts";

const digests = ["a", "b", "c"].map(digestOf);

/** Everything that can happen, in any order, as often as chance has it. */
function* anything(seed: string): Generator<SessionEvent> {
  const random = seededRandom(seed);
  const one = <Item>(items: readonly Item[]): Item => items[randomBelow(random, items.length)]!;
  // Most begin as they should; otherwise chance would turn everybody away.
  if (random.float() < 0.9) yield { type: "message", message: registration("bbk_k", "p", "i") };
  if (random.float() < 0.9) yield { type: "admitted", gatewayId: "g" };
  for (let step = 0; step < 60; step++) {
    const digest = one(digests);
    const generation = randomBelow(random, 3);
    yield one<() => SessionEvent>([
      () => ({ type: "admitted", gatewayId: "g" }),
      ...Array.from(
        { length: 12 },
        () => (): SessionEvent => ({
          type: "message",
          message: { type: "heartbeat", artifact_digest: digest, uptime_secs: 1, health: HEALTH },
        }),
      ),
      () => ({ type: "message", message: { type: "artifact_applied", generation, success: random.float() < 0.5 } }),
      () => ({ type: "desired", desired: { artifact_id: "x", digest, generation } }),
      () => ({ type: "desired", desired: undefined }),
      () => ({ type: "keyChanged" }),
      () => ({ type: "reportFailed" }),
      () => ({ type: "timer", timer: "key" }),
      ...(random.float() < 0.1
        ? [
            (): SessionEvent => ({ type: "message", message: registration("bbk_k", "p", "i") }),
            (): SessionEvent => ({ type: "malformed" }),
            (): SessionEvent => ({ type: "timer", timer: one(["register", "silence"] as const) }),
            (): SessionEvent => ({ type: "end", reason: "removed", message: "", retry: false }),
            (): SessionEvent => ({ type: "refused", reason: "unavailable", message: "", retry: true }),
            (): SessionEvent => ({ type: "closed" }),
          ]
        : []),
    ])();
  }
  yield { type: "closed" };
}

describe("a session, whatever happens", () => {
  test("joins once at most, leaves as often, says nothing after its end, and answers every heartbeat with what is desired", () => {
    let joined = 0;
    for (let seed = 0; seed < 300; seed++) {
      const random = seededRandom(`around ${seed}`);
      let desired: DesiredArtifact | undefined;
      const around: SessionSurroundings = {
        now: () => seed,
        keyProblem: () => (random.float() < 0.02 ? "revoked_key" : undefined),
        keyValidUntil: () => (random.float() < 0.5 ? undefined : 1e9),
        desired: () => desired,
      };
      const state = initialSession(seed);
      const counts = { join: 0, leave: 0 };
      let isOver = false;
      for (const event of anything(`events ${seed}`)) {
        if (event.type === "desired") desired = event.desired;
        const wasRegistered = state.phase === "registered";
        const effects = stepSession(state, event, around);
        expectNothingAfter(effects, isOver);
        isOver ||= state.phase === "ended";
        for (const { type } of effects) if (type === "join" || type === "leave") counts[type]++;
        if (wasRegistered && !isOver && event.type === "message" && event.message.type === "heartbeat") {
          const answer = { type: "heartbeat_ack", ...(desired === undefined ? {} : { desired }) };
          expect(effects).toContainEqual({ type: "send", message: answer } as SessionEffect);
        }
      }
      expect(state.phase).toBe("ended");
      expect(counts.join).toBeLessThanOrEqual(1);
      expect(counts.leave).toBe(counts.join);
      joined += counts.join;
    }
    // Not all of them were turned away at once.
    expect(joined).toBeGreaterThan(50);
  });
});

function expectNothingAfter(effects: readonly SessionEffect[], isOver: boolean): void {
  if (isOver) expect(effects).toEqual([]);
  const close = effects.findIndex(({ type }) => type === "close");
  expect(close === -1 || close === effects.length - 1).toBe(true);
}
