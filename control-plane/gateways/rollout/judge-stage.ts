/**
 * Whether a stage of a rollout is passed. Pure.
 *
 * Which gateways a stage reaches is decided when it starts (`reaches`, `reachOf`): by a hash over deployment and gateway, so that nobody flaps and a gateway that registers later
 * has the same chance; and by groups as a whole. Here it is only asked how those do, in this order:
 *
 * 1. One that refuses the artifact (`verify`, `apply`) ends it. One that cannot fetch it keeps trying, as long as 3. allows.
 * 2. Their error rate: see `isBad`. Seen before the time to bake is over where there are `earlyRequests`.
 * 3. All that are connected have to serve it before baking begins. One that does not within `settleMs` ends it. One that is away is waited for until `awayMs` after it was seen last; after that it counts
 *    no more, and is told what is desired when it is back.
 * 4. When half or more of those that served it in this stage have gone away for good, that ends it.
 * 5. Baking takes `bakeSeconds`. Where there is a limit of errors, everybody has to have said how it does at least once, or be gone.
 * 6. Fewer requests than `requestsMin` extend it: at most by `extensionMs`, or by as much again. Then it halts, as nothing was proved; the last stage, which has reached everybody already, counts as passed.
 *
 * What "ends it" means: back to what was before, where the strategy says so and there is something; else it halts. A rollback is never ended so: whoever does not take it within `settleMs` is shown as adrift, and
 * the rollback is complete.
 */
import type { ArtifactRefusal, GatewayDeploymentRecord } from "#contracts";
import { type Answered, sumOf } from "./meter.ts";
import type { RolloutSettings } from "./settings.ts";

/** A gateway as a rollout sees it. */
export interface SeenGateway {
  readonly gatewayId: string;
  /** For people. */
  readonly name: string;
  readonly reached: boolean;
  readonly online: boolean;
  /** Since when, by the clock of `SeenStage`; the start of the watch for one that was connected before. */
  readonly onlineSince: number;
  /** Away, and may be back at once. */
  readonly awaited: boolean;
  /** It says that it serves the artifact of the deployment. */
  readonly serves: boolean;
  /** It has said so in this stage, at some time. */
  readonly hasServed: boolean;
  /** Of this generation. */
  readonly refusal?: ArtifactRefusal;
  /** In this stage: with the artifact of the deployment, and with the one before. */
  readonly answered: Answered;
  readonly answeredBefore: Answered;
}

export interface SeenStage {
  readonly gateways: readonly SeenGateway[];
  /** When this control plane began to watch the stage. Milliseconds of a clock that only rises, as the other times. */
  readonly begunAt: number;
  /** When all of the stage first served it. */
  readonly bakesSince: number | undefined;
  readonly now: number;
}

export type StageVerdict =
  | { readonly type: "wait"; readonly for: "gateways" | "baking" | "reports" | "requests" }
  | { readonly type: "advance" | "complete" }
  | { readonly type: "halt" | "rollback"; readonly reason: string };

/** @param deployment that is rolling */
export function judgeStage(
  deployment: GatewayDeploymentRecord,
  seen: SeenStage,
  settings: RolloutSettings,
): StageVerdict {
  const { strategy, stage, deploymentKind } = deployment;
  const { now, begunAt, bakesSince } = seen;
  const reached = seen.gateways.filter((gateway) => gateway.reached);
  const late = reached.filter(({ online, serves }) => online && !serves);
  const tooLate = late.find(({ onlineSince }) => now - Math.max(begunAt, onlineSince) >= settings.settleMs);
  if (deploymentKind === "rollback") {
    const isDone = late.length === 0 ? !isAwaiting(reached) : now - begunAt >= settings.settleMs;
    return isDone ? { type: "complete" } : { type: "wait", for: "gateways" };
  }
  const refusing = late.find(({ refusal }) => refusal !== undefined && refusal.stage !== "download");
  if (refusing !== undefined) {
    return ended(deployment, `gateway ${refusing.name} refuses the artifact: ${refusing.refusal!.reason}`);
  }
  const answered = sumOf(reached.map((gateway) => gateway.answered));
  const bad = badness(deployment, answered, seen.gateways, settings);
  if (bad !== undefined && answered.requests >= settings.earlyRequests) return bad;
  if (tooLate !== undefined) {
    const { name, refusal } = tooLate;
    const why = refusal === undefined ? "" : `: ${refusal.reason}`;
    return ended(deployment, `gateway ${name} has not taken the artifact in time${why}`);
  }
  if (late.length > 0 || bakesSince === undefined) return { type: "wait", for: "gateways" };
  const bakeMs = strategy.stages[stage]!.bakeSeconds * 1000;
  // One that comes and goes holds nobody up for ever.
  if (isAwaiting(reached) && now - bakesSince < bakeMs + settings.settleMs) return { type: "wait", for: "gateways" };
  const served = reached.filter(({ hasServed }) => hasServed);
  const gone = served.filter(({ online }) => !online).length;
  if (gone > 0 && gone * 2 >= served.length) {
    return ended(deployment, `of ${served.length} gateways that served the artifact, ${gone} are gone`);
  }
  const baked = now - bakesSince;
  if (baked < bakeMs) return { type: "wait", for: "baking" };
  const isSilent = reached.some(({ online, answered: { reports } }) => online && reports === 0);
  // Whoever says nothing for long is connected no more; this bound is for whoever connects again and again.
  if (strategy.errorRateMax !== undefined && isSilent && baked < bakeMs + settings.settleMs) {
    return { type: "wait", for: "reports" };
  }
  if (bad !== undefined) return bad;
  const isLast = stage === strategy.stages.length - 1;
  const { requestsMin = 0 } = strategy;
  if (answered.requests < requestsMin) {
    if (baked < bakeMs + Math.max(bakeMs, settings.extensionMs)) return { type: "wait", for: "requests" };
    if (!isLast) {
      const reason = `${answered.requests} requests in this stage prove nothing: ${requestsMin} are wanted`;
      return { type: "halt", reason };
    }
  }
  return { type: isLast ? "complete" : "advance" };
}

/** Whether one is away that may be back at once. */
export const isAwaiting = (gateways: readonly SeenGateway[]): boolean =>
  gateways.some(({ online, awaited }) => !online && awaited);

/**
 * More errors than the strategy allows, of all requests that the reached gateways have answered in this stage. When the gateways that still serve the artifact before do as badly (more errors than
 * allowed, and two thirds of the new ones' rate or more), the artifact is not to blame and going back would mend nothing: then the rollout halts, whatever the strategy says.
 */
function badness(
  deployment: GatewayDeploymentRecord,
  answered: Answered,
  gateways: readonly SeenGateway[],
  { earlyRequests }: RolloutSettings,
): StageVerdict | undefined {
  const { errorRateMax } = deployment.strategy;
  if (errorRateMax === undefined) return undefined;
  const rate = rateOf(answered);
  if (rate <= errorRateMax) return undefined;
  const before = sumOf(gateways.filter(({ reached }) => !reached).map((gateway) => gateway.answeredBefore));
  const rateBefore = rateOf(before);
  const said = `${percent(rate)} of ${answered.requests} requests were answered with errors, ${percent(errorRateMax)} are allowed`;
  if (before.requests >= earlyRequests && rateBefore > errorRateMax && rateBefore * 1.5 >= rate) {
    return { type: "halt", reason: `${said}; with the artifact before it is ${percent(rateBefore)}` };
  }
  return ended(deployment, said);
}

const rateOf = ({ requests, errors }: Answered): number => (requests === 0 ? 0 : errors / requests);
const percent = (rate: number): string => `${Number((rate * 100).toPrecision(3))} %`;

function ended({ strategy, baseline }: GatewayDeploymentRecord, reason: string): StageVerdict {
  const type = strategy.automaticRollback && baseline !== undefined ? "rollback" : "halt";
  return { type, reason: reason.slice(0, REASON_MAX) };
}

/** What a command takes. */
const REASON_MAX = 512;
