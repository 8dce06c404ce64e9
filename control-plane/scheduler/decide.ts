/** One decision of the scheduler: dirty groups, deploys, health of nodes. Pure but for what it forgets of the groups that it has looked at. */
import type { Unschedulable } from "#contracts";
import { type CatalogReader, type OwnedEvent, stableJson } from "#control-plane/events";
import { planDeploys } from "./deploys.ts";
import { planGroup } from "./plan-group.ts";
import { Room } from "./room.ts";
import type { SchedulerSettings } from "./settings.ts";
import { groupKey, groupOfKey } from "./workload-group.ts";
import type { World } from "./world.ts";

export interface DecisionInput {
  readonly views: CatalogReader;
  readonly world: World;
  readonly settings: SchedulerSettings;
  readonly now: number;
  readonly newInstanceId: () => string;
  /** By key, see `groupKey`. */
  readonly keys: readonly string[];
}

export interface GroupOutcome {
  readonly key: string;
  readonly dueAt: number | undefined;
  /** It waits for room. */
  readonly waiting: boolean;
}

export interface GroupDecision {
  readonly events: readonly OwnedEvent[];
  readonly outcomes: readonly GroupOutcome[];
  /** Keys that were not come to, because there are enough events for one decision. */
  readonly left: readonly string[];
}

export function decideGroups(input: DecisionInput): GroupDecision {
  const { views, settings, keys } = input;
  const room = new Room(views, input.world);
  const events: OwnedEvent[] = [];
  const outcomes: GroupOutcome[] = [];
  const blocked = new Map<string, Record<string, Unschedulable>>();
  let index = 0;
  for (; index < keys.length && events.length < settings.eventsMax; index++) {
    const key = keys[index]!;
    const { envId, processType } = groupOfKey(key);
    const plan = planGroup(envId, processType, { ...input, room });
    events.push(...plan.events);
    outcomes.push({ key, dueAt: plan.dueAt, waiting: plan.unschedulable !== undefined });
    noteBlocked(views, blocked, envId, processType, plan.unschedulable);
  }
  for (const [envId, unschedulable] of blocked) {
    const env = views.record("env", envId)!;
    if (stableJson(env.unschedulable) === stableJson(unschedulable)) continue;
    const payload = { envId, unschedulable };
    events.push({ type: "env.schedulingChanged", aggregateId: envId, org: env.accountId, payload });
  }
  return { events, outcomes, left: keys.slice(index) };
}

function noteBlocked(
  views: CatalogReader,
  blocked: Map<string, Record<string, Unschedulable>>,
  envId: string,
  processType: string,
  why: Unschedulable | undefined,
): void {
  const env = views.record("env", envId);
  if (env === undefined) return;
  if (why === undefined && env.unschedulable[processType] === undefined && !blocked.has(envId)) return;
  const all = blocked.get(envId) ?? { ...env.unschedulable };
  if (why === undefined) delete all[processType];
  else all[processType] = why;
  blocked.set(envId, all);
}

export { groupKey, planDeploys };
