/** The servers behind an `http-upstream`: who takes the next request, and what is known of each. It outlives the artifact that it was made for. */
import {
  type Assignment,
  Balancer,
  type EjectionLimits,
  type EjectionState,
  ejectionStep,
  HealthChecker,
  isEjected,
  NOT_EJECTED,
  parseStatusMatcher,
  type StrategyName,
} from "#foundation/proxy";
import type { PluginHost } from "../../plugin.ts";
import { type Upstream, upstreamOf } from "../../upstream-address.ts";
import {
  type BreakerLimits,
  type BreakerState,
  breakerAdmits,
  breakerBegun,
  breakerEnded,
  CLOSED,
  type Outcome,
} from "./circuit-breaker.ts";
import { RetryBudget } from "./retry-budget.ts";
import { tlsOf, type UpstreamConfig } from "./upstream-config.ts";

/** What of a configuration says which servers these are, and how they are judged. */
export type GroupConfig = Pick<
  UpstreamConfig,
  "url" | "urls" | "http_version" | "load_balancing" | "health" | "circuit_breaker" | "tls"
> & {
  readonly budget: number | undefined;
};

const STRATEGIES: Readonly<Record<UpstreamConfig["load_balancing"], StrategyName>> = {
  round_robin: "round-robin",
  least_requests: "least-outstanding",
  random_two: "random-two-choices",
  random: "weighted-random",
};

interface Server {
  /** Its address, as it is configured. */
  readonly id: string;
  readonly upstream: Upstream;
  ejection: EjectionState;
  breaker: BreakerState;
}

/** Why there is nobody to send a request to. */
export type NoServer = "circuit-open" | "unhealthy";

type ActiveHealth = NonNullable<NonNullable<UpstreamConfig["health"]>["active"]>;
type GroupHost = Pick<PluginHost, "clock" | "timers" | "random" | "log">;

export class UpstreamGroup {
  readonly budget: RetryBudget | undefined;
  readonly #host: GroupHost;
  readonly #balancer: Balancer<Server>;
  readonly #ejects: EjectionLimits | undefined;
  readonly #breaks: BreakerLimits | undefined;
  readonly #checkers: readonly HealthChecker[];
  readonly #size: number;
  /** The only one, when nothing that is known of it could keep a request from it. */
  readonly #alone: Assignment<Server> | undefined;

  constructor(config: GroupConfig, host: GroupHost) {
    const { url, urls = [{ url: url!, weight: 1 }], health, circuit_breaker, budget } = config;
    this.#host = host;
    this.#size = urls.length;
    this.#balancer = new Balancer({ strategy: STRATEGIES[config.load_balancing] });
    this.#ejects = health?.passive === undefined ? undefined : ejectionLimits(health.passive);
    this.#breaks = circuit_breaker === undefined ? undefined : breakerLimits(circuit_breaker);
    this.budget = budget === undefined ? undefined : new RetryBudget(budget);
    const tls = tlsOf(config.tls);
    const servers = urls.map((one): [Server, number] => [
      { id: one.url, upstream: upstreamOf(one.url, tls, config.http_version), ejection: NOT_EJECTED, breaker: CLOSED },
      one.weight,
    ]);
    const nowMs = host.clock.monotonicMs();
    for (const [server, weight] of servers) this.#balancer.add(server.id, server, { nowMs, weight });
    const [only] = servers;
    const judges = this.#ejects !== undefined || this.#breaks !== undefined || health?.active !== undefined;
    this.#alone =
      servers.length > 1 || judges || only![1] === 0
        ? undefined
        : { id: only![0].id, target: only![0], done: () => undefined };
    const active = health?.active;
    this.#checkers = active === undefined ? [] : servers.map(([server]) => this.#checking(active, server));
  }

  /** How many servers there are. */
  get size(): number {
    return this.#size;
  }

  /**
   * Gives a request to a server: to one that it was not sent to before and that fails nobody, as long as there is one.
   * @param tried ids of those that it was sent to
   */
  choose(tried: ReadonlySet<string> | undefined): Turn | NoServer {
    if (this.#alone !== undefined) return new Turn(this, this.#alone, false);
    const nowMs = this.#host.clock.monotonicMs();
    const isShut = (id: string): boolean => !breakerAdmits(this.#server(id).breaker, nowMs);
    const isOut = (id: string): boolean => isShut(id) || isEjected(this.#server(id).ejection, nowMs);
    const given =
      (tried === undefined ? undefined : this.#pick(nowMs, (id) => tried.has(id) || isOut(id))) ??
      this.#pick(nowMs, isOut) ??
      // All are ejected: that they fail everybody is not sure, that nobody else is there is.
      this.#pick(nowMs, isShut);
    if (given === undefined) {
      return this.#balancer.members.some(({ state, weight }) => state === "ready" && weight > 0)
        ? "circuit-open"
        : "unhealthy";
    }
    const server = given.target;
    server.breaker = breakerBegun(server.breaker);
    return new Turn(this, given, server.breaker.kind === "trying");
  }

  /** Seconds until a breaker lets a request try, at least 1. */
  get secondsUntilTrial(): number {
    const nowMs = this.#host.clock.monotonicMs();
    const opensMs = this.#balancer.members.flatMap(({ target }) =>
      target.breaker.kind === "open" ? [target.breaker.untilMs - nowMs] : [],
    );
    return opensMs.length === 0 ? 1 : Math.max(1, Math.ceil(Math.min(...opensMs) / 1000));
  }

  /** For a turn: how it ended. */
  judge({ id }: Assignment<unknown>, outcome: Outcome, isTrial: boolean): void {
    if (this.#breaks === undefined && this.#ejects === undefined) return;
    const server = this.#server(id);
    const nowMs = this.#host.clock.monotonicMs();
    if (this.#breaks !== undefined) {
      const before = server.breaker.kind;
      server.breaker = breakerEnded(server.breaker, outcome, isTrial, nowMs, this.#breaks);
      if (server.breaker.kind !== before && outcome !== "unknown") {
        this.#tell(outcome === "ok", `circuit breaker is ${server.breaker.kind}`, id);
      }
    }
    if (this.#ejects !== undefined && outcome !== "unknown") {
      const wasEjected = isEjected(server.ejection, nowMs);
      server.ejection = ejectionStep(server.ejection, outcome === "ok", nowMs, this.#ejects);
      if (!wasEjected && isEjected(server.ejection, nowMs)) this.#tell(false, "ejected after failures in a row", id);
    }
  }

  /** No artifact uses it any more. */
  close(): void {
    for (const checker of this.#checkers) checker.close();
  }

  #server(id: string): Server {
    return this.#balancer.member(id)!.target;
  }

  #pick(nowMs: number, exclude: (id: string) => boolean): Assignment<Server> | undefined {
    return this.#balancer.pick({ nowMs, random: this.#host.random, exclude });
  }

  /** A checker for each: they are asked under their own names. */
  #checking(active: ActiveHealth, { id, upstream }: Server): HealthChecker {
    const checker = new HealthChecker({
      probe: {
        kind: "http",
        target: active.path,
        host: upstream.host,
        matches: parseStatusMatcher(active.statuses),
      },
      intervalMs: active.interval * 1000,
      timeoutMs: active.timeout * 1000,
      thresholds: { healthy: active.healthy, unhealthy: active.unhealthy },
      onChecked: (_id, { status, last }, turned) => {
        if (!turned) return;
        this.#balancer.setReady(id, status !== "unhealthy", this.#host.clock.monotonicMs());
        this.#tell(status !== "unhealthy", `${status} after a check: ${last?.kind}`, id);
      },
      time: this.#host,
      random: this.#host.random,
    });
    checker.add(id, upstream.origin);
    return checker;
  }

  #tell(isGood: boolean, what: string, server: string): void {
    if (isGood) this.#host.log.info(`upstream: ${what}`, { server });
    else this.#host.log.warn(`upstream: ${what}`, { server });
  }
}

/** One request at one server. */
export class Turn {
  readonly #group: UpstreamGroup;
  readonly #given: Assignment<Server>;
  readonly #isTrial: boolean;
  #isJudged = false;

  constructor(group: UpstreamGroup, given: Assignment<Server>, isTrial: boolean) {
    this.#group = group;
    this.#given = given;
    this.#isTrial = isTrial;
  }

  get id(): string {
    return this.#given.id;
  }

  get upstream(): Upstream {
    return this.#given.target.upstream;
  }

  /** What the server is to be thought of. The first time counts. */
  judge(outcome: Outcome): void {
    if (this.#isJudged) return;
    this.#isJudged = true;
    this.#group.judge(this.#given, outcome, this.#isTrial);
  }

  /** The server has no more to do for it. Says nothing about the server unless that was said before. */
  done(): void {
    this.judge("unknown");
    this.#given.done();
  }
}

function ejectionLimits(passive: NonNullable<NonNullable<UpstreamConfig["health"]>["passive"]>): EjectionLimits {
  const { failures, ejection, max_ejection } = passive;
  return { failures, baseMs: ejection * 1000, maxMs: Math.max(ejection, max_ejection) * 1000 };
}

function breakerLimits(breaker: NonNullable<UpstreamConfig["circuit_breaker"]>): BreakerLimits {
  return { failures: breaker.failures, windowMs: breaker.window * 1000, resetMs: breaker.reset * 1000 };
}
