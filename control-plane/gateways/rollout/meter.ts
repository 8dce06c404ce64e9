/** What gateways answered with one artifact and with another, of totals that begin at zero with every start of a gateway. */
import type { PresentGateway } from "#control-plane/gateways/fleet";

export interface Answered {
  readonly requests: number;
  readonly errors: number;
  /** Heartbeats that have told of them. */
  readonly reports: number;
}

export const NOTHING_ANSWERED: Answered = { requests: 0, errors: 0, reports: 0 };

interface Totals {
  readonly requests: number;
  readonly errors: number;
  readonly uptimeSeconds: number;
  readonly digest: string | null;
  /** Of the heartbeat that said so. */
  readonly at: number;
}

/**
 * Counts between two heartbeats that both name the same artifact belong to it. Those between two that name different ones belong to neither: a gateway says at once that it serves another, so they are few.
 * The first heartbeat that is heard of a gateway tells of a time that nobody here has seen; of one that was started anew everything counts.
 */
export class GatewayMeter {
  readonly #last = new Map<string, Totals>();
  #answered = new Map<string, Answered>();

  heard({ gatewayId, health, uptimeSeconds = 0, servedDigest, lastSeenAt }: PresentGateway): void {
    if (health === undefined) return;
    const before = this.#last.get(gatewayId);
    const { requests_total: requests, errors_total: errors } = health;
    const now = { requests, errors, uptimeSeconds, digest: servedDigest, at: lastSeenAt };
    if (before !== undefined && isSame(before, now)) return;
    this.#last.set(gatewayId, now);
    if (before === undefined || servedDigest === null || before.digest !== servedDigest) return;
    const anew = uptimeSeconds < before.uptimeSeconds || requests < before.requests || errors < before.errors;
    const key = keyOf(gatewayId, servedDigest);
    const sum = this.#answered.get(key) ?? NOTHING_ANSWERED;
    this.#answered.set(key, {
      requests: sum.requests + requests - (anew ? 0 : before.requests),
      errors: sum.errors + errors - (anew ? 0 : before.errors),
      reports: sum.reports + 1,
    });
  }

  /** With this artifact, since the last `restart`. */
  answered(gatewayId: string, digest: string): Answered {
    return this.#answered.get(keyOf(gatewayId, digest)) ?? NOTHING_ANSWERED;
  }

  /** Counts from zero. */
  restart(): void {
    this.#answered = new Map();
  }
}

const keyOf = (gatewayId: string, digest: string): string => `${gatewayId} ${digest}`;

/** One heartbeat is told of more than once when something else changes. */
const isSame = (left: Totals, right: Totals): boolean =>
  left.at === right.at &&
  left.requests === right.requests &&
  left.errors === right.errors &&
  left.uptimeSeconds === right.uptimeSeconds &&
  left.digest === right.digest;

export function sumOf(all: Iterable<Answered>): Answered {
  let [requests, errors, reports] = [0, 0, 0];
  for (const one of all) {
    requests += one.requests;
    errors += one.errors;
    reports += one.reports;
  }
  return { requests, errors, reports };
}
