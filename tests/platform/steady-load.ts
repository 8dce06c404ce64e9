/** Requests at a constant rate, whatever happens: what is late or lost is counted, not waited for. */
import { createHttpPool, httpRequest } from "#foundation/http";

export interface LoadResult {
  readonly requests: number;
  readonly failures: readonly string[];
  /** Different bodies that were answered, and how often. */
  readonly bodies: ReadonlyMap<string, number>;
}

export interface SteadyLoad {
  /** So far. */
  readonly requests: number;
  readonly failures: readonly string[];
  stop(): Promise<LoadResult>;
}

const FAILURES_KEPT = 20;

/** @param host sent as `Host`; names under localhost are not everywhere resolved */
export function steadyLoad(url: string, host: string, perSecond: number): SteadyLoad {
  const pool = createHttpPool(64);
  const failures: string[] = [];
  const bodies = new Map<string, number>();
  const running = new Set<Promise<void>>();
  const begun = performance.now();
  let requests = 0;
  const one = async (): Promise<void> => {
    const at = (performance.now() - begun).toFixed(0);
    try {
      const reply = await httpRequest({ url, headers: [["host", host]], timeoutMs: 15_000, pool });
      const body = await reply.text();
      if (reply.status === 200) bodies.set(body, (bodies.get(body) ?? 0) + 1);
      else if (failures.length < FAILURES_KEPT) failures.push(`${at} ms: ${reply.status} ${body.slice(0, 200)}`);
    } catch (error) {
      if (failures.length < FAILURES_KEPT)
        failures.push(`${at} ms: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const timer = setInterval(() => {
    // As many as are due by now: a late timer does not slow the load down.
    const due = Math.floor(((performance.now() - begun) / 1000) * perSecond);
    while (requests < due) {
      requests++;
      const task = one().finally(() => running.delete(task));
      running.add(task);
    }
  }, 5);
  return {
    get requests() {
      return requests;
    },
    failures,
    async stop() {
      clearInterval(timer);
      await Promise.all(running);
      pool.close();
      return { requests, failures, bodies };
    },
  };
}
