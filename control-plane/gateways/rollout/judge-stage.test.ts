import { describe, expect, test } from "bun:test";
import type { AccountId, GatewayDeploymentRecord, RolloutStrategy } from "#contracts";
import type { PresentGateway } from "../fleet/index.ts";
import { judgeStage, type SeenGateway } from "./judge-stage.ts";
import { GatewayMeter, NOTHING_ANSWERED } from "./meter.ts";
import { DEFAULT_ROLLOUT_SETTINGS as SETTINGS } from "./settings.ts";

const wanted = (letter: string, generation: number) => ({
  artifactId: `art_${letter}`,
  digest: `sha256:${letter}`,
  generation,
});

function deployment(strategy: Partial<RolloutStrategy> = {}, more: Partial<GatewayDeploymentRecord> = {}) {
  const stages = [
    { percent: 50, bakeSeconds: 60 },
    { percent: 100, bakeSeconds: 60 },
  ];
  return {
    kind: "gatewayDeployment",
    accountId: "111122223333" as AccountId,
    projectId: "prj",
    deploymentId: "gdp",
    deploymentKind: "deploy",
    ...wanted("new", 2),
    baseline: wanted("old", 1),
    strategy: { stages, automaticRollback: true, ...strategy },
    status: "rolling",
    stage: 0,
    stageStartedAt: 0,
    reach: 1,
    createdAt: 0,
    updatedAt: 0,
    version: 1,
    ...more,
  } as unknown as GatewayDeploymentRecord;
}

const answered = (requests: number, errors = 0, reports = 2) => ({ requests, errors, reports });

const gateway = (more: Partial<SeenGateway> = {}): SeenGateway => ({
  gatewayId: "one",
  name: "one",
  reached: true,
  online: true,
  onlineSince: 0,
  awaited: false,
  serves: true,
  hasServed: true,
  answered: answered(1_000),
  answeredBefore: NOTHING_ANSWERED,
  ...more,
});

const notYet = { serves: false, hasServed: false, answered: NOTHING_ANSWERED };
const before = (answeredBefore: SeenGateway["answeredBefore"]) =>
  gateway({ gatewayId: "old", reached: false, ...notYet, answeredBefore });
const refusal = (stage: "download" | "apply") => ({
  refusal: { generation: 2, digest: "sha256:new", stage, reason: "no", at_ms: 0 },
});

/** At one moment of a stage that began at 0 and bakes since 1,000. */
function judged(
  gateways: readonly SeenGateway[],
  now: number,
  strategy: Partial<RolloutStrategy> = {},
  more: Partial<GatewayDeploymentRecord> = {},
): string {
  const settled = gateways.every(({ reached, online, serves }) => !reached || !online || serves);
  const seen = { gateways, begunAt: 0, bakesSince: settled ? 1_000 : undefined, now };
  const verdict = judgeStage(deployment(strategy, more), seen, SETTINGS);
  if (verdict.type === "wait") return `wait for ${verdict.for}`;
  return "reason" in verdict ? `${verdict.type}: ${verdict.reason}` : verdict.type;
}

const LIMIT = { errorRateMax: 0.01 };
const LAST = { stage: 1 };

describe("a stage", () => {
  test.each([
    ["bakes", [gateway()], 60_999, {}, {}, "wait for baking"],
    ["is passed then", [gateway()], 61_000, {}, {}, "advance"],
    ["is complete, if it is the last", [gateway()], 61_000, {}, LAST, "complete"],
    ["waits for gateways that do not serve it yet", [gateway(), gateway(notYet)], 100_000, {}, {}, "wait for gateways"],
    [
      "does not wait for those that it does not reach",
      [gateway(), before(NOTHING_ANSWERED)],
      61_000,
      {},
      {},
      "advance",
    ],
    [
      "waits for one that may be back",
      [gateway({ online: false, awaited: true, ...notYet })],
      61_000,
      {},
      {},
      "wait for gateways",
    ],
    [
      "does not wait for one that is gone",
      [gateway(), gateway({ online: false, ...notYet })],
      61_000,
      {},
      {},
      "advance",
    ],
    ["passes where nobody is there", [], 61_000, {}, {}, "advance"],
    [
      "ends with who does not take it",
      [gateway(notYet)],
      180_000,
      {},
      {},
      "rollback: gateway one has not taken the artifact in time",
    ],
    [
      "gives who has just come its time",
      [gateway({ ...notYet, onlineSince: 100_000 })],
      180_000,
      {},
      {},
      "wait for gateways",
    ],
    [
      "ends with who refuses it",
      [gateway({ ...notYet, ...refusal("apply") })],
      1,
      {},
      {},
      "rollback: gateway one refuses the artifact: no",
    ],
    ["lets gateways fetch again", [gateway({ ...notYet, ...refusal("download") })], 1, {}, {}, "wait for gateways"],
    [
      "halts where nothing else is wished",
      [gateway({ ...notYet, ...refusal("apply") })],
      1,
      { automaticRollback: false },
      {},
      "halt: gateway one refuses the artifact: no",
    ],
    [
      "halts where nothing was before",
      [gateway({ ...notYet, ...refusal("apply") })],
      1,
      {},
      { baseline: undefined },
      "halt: gateway one refuses the artifact: no",
    ],
    [
      "ends when who served it is gone",
      [gateway(), gateway({ online: false, serves: false })],
      61_000,
      {},
      {},
      "rollback: of 2 gateways that served the artifact, 1 are gone",
    ],
    [
      "waits until everybody has said how it does",
      [gateway(), gateway({ answered: answered(0, 0, 0) })],
      61_000,
      LIMIT,
      {},
      "wait for reports",
    ],
    ["allows so many errors", [gateway({ answered: answered(1_000, 10) })], 61_000, LIMIT, {}, "advance"],
    [
      "and no more",
      [gateway({ answered: answered(1_000, 11) })],
      1_500,
      LIMIT,
      {},
      "rollback: 1.1 % of 1000 requests were answered with errors, 1 % are allowed",
    ],
    [
      "counts those of all together",
      [gateway({ answered: answered(90, 2) }), gateway({ answered: answered(910) })],
      61_000,
      LIMIT,
      {},
      "advance",
    ],
    [
      "takes a few errors for nothing before its time",
      [gateway({ answered: answered(49, 49) })],
      1_500,
      LIMIT,
      {},
      "wait for baking",
    ],
    [
      "and for something after it",
      [gateway({ answered: answered(4, 1) })],
      61_000,
      LIMIT,
      {},
      "rollback: 25 % of 4 requests were answered with errors, 1 % are allowed",
    ],
    [
      "halts when the artifact is not to blame",
      [gateway({ answered: answered(1_000, 500) }), before(answered(1_000, 400))],
      61_000,
      LIMIT,
      {},
      "halt: 50 % of 1000 requests were answered with errors, 1 % are allowed; with the artifact before it is 40 %",
    ],
    [
      "blames it when it is worse",
      [gateway({ answered: answered(1_000, 500) }), before(answered(1_000, 300))],
      61_000,
      LIMIT,
      {},
      "rollback: 50 % of 1000 requests were answered with errors, 1 % are allowed",
    ],
    [
      "bakes longer with too few requests",
      [gateway({ answered: answered(9) })],
      660_999,
      { requestsMin: 10 },
      {},
      "wait for requests",
    ],
    [
      "and halts",
      [gateway({ answered: answered(9) })],
      661_000,
      { requestsMin: 10 },
      {},
      "halt: 9 requests in this stage prove nothing: 10 are wanted",
    ],
    ["but for the last one", [gateway({ answered: answered(9) })], 661_000, { requestsMin: 10 }, LAST, "complete"],
  ] as const)("%s", (_, gateways, now, strategy, more, expected) => {
    expect(judged(gateways, now, strategy, more as Partial<GatewayDeploymentRecord>)).toBe(expected);
  });

  test("of a rollback does not end before its end: who does not take it is adrift", () => {
    const back = { deploymentKind: "rollback", baseline: undefined, stage: 1 } as const;
    const refusing = gateway({ ...notYet, ...refusal("apply") });
    expect(judged([gateway(), refusing], 1_000, {}, back)).toBe("wait for gateways");
    expect(judged([gateway(), refusing], 180_000, {}, back)).toBe("complete");
    expect(judged([gateway()], 1, {}, back)).toBe("complete");
  });
});

describe("the meter", () => {
  const said = (requests: number, errors: number, digest: string, uptimeSeconds: number): PresentGateway => ({
    gatewayId: "one",
    projectId: "prj",
    online: true,
    connectedAt: 0,
    lastSeenAt: uptimeSeconds,
    uptimeSeconds,
    servedDigest: digest,
    health: {
      requests_total: requests,
      errors_total: errors,
      p50_ms: 1,
      p99_ms: 1,
      memory_bytes: 1,
      event_loop_lag_ms: 0,
    },
  });

  test("counts for an artifact what is between two heartbeats that name it", () => {
    const meter = new GatewayMeter();
    meter.heard(said(100, 50, "old", 10));
    meter.heard(said(110, 51, "old", 20));
    meter.heard(said(125, 60, "new", 25));
    meter.heard(said(135, 61, "new", 30));
    expect(meter.answered("one", "old")).toEqual(answered(10, 1, 1));
    expect(meter.answered("one", "new")).toEqual(answered(10, 1, 1));
  });

  test("counts everything of a gateway that was started anew, and no heartbeat twice", () => {
    const meter = new GatewayMeter();
    meter.heard(said(100, 50, "new", 1_000));
    meter.heard(said(7, 2, "new", 5));
    meter.heard(said(7, 2, "new", 5));
    // It has answered more by now than before it was started anew: its uptime tells.
    meter.heard(said(500, 2, "new", 3));
    expect(meter.answered("one", "new")).toEqual(answered(507, 4, 2));
    meter.restart();
    expect(meter.answered("one", "new")).toEqual(NOTHING_ANSWERED);
    meter.heard(said(501, 3, "new", 4));
    expect(meter.answered("one", "new")).toEqual(answered(1, 1, 1));
  });
});
