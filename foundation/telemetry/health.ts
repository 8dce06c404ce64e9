/** Health: liveness says whether the process should be restarted, readiness whether it should get traffic. */

/** The outcome of one check. The reason is shown to whoever asks for health: no secrets. */
export type CheckResult = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** A check. Anything thrown counts as failure; so does taking longer than the time allowed. */
export type Check = () => CheckResult | Promise<CheckResult>;

export type HealthKind = "liveness" | "readiness";

export interface HealthReport {
  readonly ok: boolean;
  readonly checks: Readonly<Record<string, CheckResult>>;
}

export interface HealthRegistry {
  /** Adds (or replaces) a check; the returned function removes it. */
  add(kind: HealthKind, name: string, check: Check): () => void;
  report(kind: HealthKind): Promise<HealthReport>;
}

const CHECK_TIMEOUT_MS = 2000;

/** A registry of health checks. @param timeoutMs time allowed for each check */
export function createHealth(timeoutMs: number = CHECK_TIMEOUT_MS): HealthRegistry {
  const checks: Record<HealthKind, Map<string, Check>> = { liveness: new Map(), readiness: new Map() };
  return {
    add(kind, name, check) {
      checks[kind].set(name, check);
      return () => {
        if (checks[kind].get(name) === check) checks[kind].delete(name);
      };
    },
    async report(kind) {
      const entries = await Promise.all(
        [...checks[kind]].map(async ([name, check]) => [name, await run(check, timeoutMs)] as const),
      );
      return { ok: entries.every(([, result]) => result.ok), checks: Object.fromEntries(entries) };
    },
  };
}

/** Passes. */
export const HEALTHY: CheckResult = { ok: true };

/** Fails for a reason. */
export function unhealthy(reason: string): CheckResult {
  return { ok: false, reason };
}

async function run(check: Check, timeoutMs: number): Promise<CheckResult> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<CheckResult>((resolve) => {
    timer = setTimeout(() => resolve(unhealthy(`no answer within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([late, (async () => check())()]);
  } catch (error) {
    return unhealthy(error instanceof Error ? error.message : String(error));
  } finally {
    clearTimeout(timer);
  }
}
