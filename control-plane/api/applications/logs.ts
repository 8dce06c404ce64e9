/** Lines of instances, from all nodes that have some, merged. */
import type { ChannelEnd, ChannelLogLine, InstanceRecord } from "#contracts";
import { groups } from "#control-plane/events";
import { NodeUnreachable } from "#control-plane/plans";
import type { ApiEnvironment } from "../environment.ts";

export interface LogQuestion {
  readonly envId: string;
  readonly processType?: string | undefined;
  readonly instanceId?: string | undefined;
  readonly tailLines: number;
  /** Epoch milliseconds. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
}

/** A node whose lines are not there. */
export interface MissingNode {
  readonly node: string;
  readonly reason: string;
}

/** Instances by their node, those that have ended too as long as their node keeps their lines. */
function byNode(environment: ApiEnvironment, question: LogQuestion): ReadonlyMap<string, InstanceRecord[]> {
  const nodes = new Map<string, InstanceRecord[]>();
  for (const instance of environment.core.views.inGroup("instance", groups.inEnv(question.envId))) {
    if (question.processType !== undefined && instance.processType !== question.processType) continue;
    if (question.instanceId !== undefined && instance.instanceId !== question.instanceId) continue;
    nodes.set(instance.nodeId, [...(nodes.get(instance.nodeId) ?? []), instance]);
  }
  return nodes;
}

async function openChannel(
  environment: ApiEnvironment,
  nodeId: string,
  instances: readonly InstanceRecord[],
  question: LogQuestion,
  follow: boolean,
): Promise<ChannelEnd> {
  return environment.plans.channels.open(nodeId, {
    type: "logs",
    instanceIds: instances.map(({ instanceId }) => instanceId),
    follow,
    tailLines: question.tailLines,
    ...(question.since === undefined ? {} : { since: question.since }),
    ...(question.until === undefined ? {} : { until: question.until }),
  });
}

const missing = (environment: ApiEnvironment, nodeId: string, error: unknown): MissingNode => ({
  node: environment.core.views.record("node", nodeId)?.name ?? nodeId,
  reason: error instanceof NodeUnreachable ? error.message : "its lines could not be read",
});

/** The last lines; a node that cannot be reached is named, never silently left out. */
export async function recentLines(
  environment: ApiEnvironment,
  question: LogQuestion,
): Promise<{ readonly lines: readonly ChannelLogLine[]; readonly incomplete: readonly MissingNode[] }> {
  const incomplete: MissingNode[] = [];
  const parts = await Promise.all(
    Array.from(byNode(environment, question), async ([nodeId, instances]) => {
      try {
        const lines: ChannelLogLine[] = [];
        const channel = await openChannel(environment, nodeId, instances, question, false);
        await new Promise<void>((resolve) => {
          channel.onMessage((message) => {
            if (typeof message === "string") lines.push(JSON.parse(message) as ChannelLogLine);
          });
          channel.onClose(resolve);
        });
        return lines;
      } catch (error) {
        incomplete.push(missing(environment, nodeId, error));
        return [];
      }
    }),
  );
  const lines = parts.flat().sort((left, right) => left.ts - right.ts);
  return { lines: lines.slice(-question.tailLines), incomplete };
}

const LOOK_AGAIN_MS = 1_000;

/** The last lines, then new ones as they come, also those of instances that come later. Ends with the signal. */
export async function* followLines(
  environment: ApiEnvironment,
  question: LogQuestion,
  signal: AbortSignal,
): AsyncGenerator<ChannelLogLine | { readonly incomplete: MissingNode }, void, void> {
  const queue: (ChannelLogLine | { readonly incomplete: MissingNode })[] = [];
  let wake: (() => void) | undefined;
  const push = (item: (typeof queue)[number]): void => {
    queue.push(item);
    wake?.();
  };
  const open = new Map<string, ChannelEnd>();
  const known = new Set<string>();
  const told = new Set<string>();
  let first = true;

  const look = async (): Promise<void> => {
    for (const [nodeId, instances] of byNode(environment, question)) {
      const fresh = instances.filter(({ instanceId }) => !known.has(instanceId));
      if (fresh.length === 0) continue;
      try {
        const since = first ? question.since : undefined;
        const channel = await openChannel(environment, nodeId, fresh, { ...question, since }, true);
        for (const { instanceId } of fresh) known.add(instanceId);
        told.delete(nodeId);
        const name = `${nodeId} ${fresh[0]!.instanceId}`;
        open.set(name, channel);
        channel.onMessage((message) => {
          if (typeof message === "string") push(JSON.parse(message) as ChannelLogLine);
        });
        channel.onClose(() => {
          open.delete(name);
          for (const { instanceId } of fresh) known.delete(instanceId);
        });
      } catch (error) {
        if (told.has(nodeId)) continue;
        told.add(nodeId);
        push({ incomplete: missing(environment, nodeId, error) });
      }
    }
    first = false;
  };

  const timer = environment.timers.every(LOOK_AGAIN_MS, () => void look());
  const end = (): void => wake?.();
  signal.addEventListener("abort", end, { once: true });
  try {
    await look();
    while (!signal.aborted) {
      const next = queue.shift();
      if (next !== undefined) yield next;
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        wake = undefined;
      }
    }
  } finally {
    timer.cancel();
    signal.removeEventListener("abort", end);
    for (const channel of open.values()) channel.close();
  }
}
