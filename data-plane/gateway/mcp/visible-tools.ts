/** Which tools a caller is told of: those whose operations would let it in. */
import type { Answer } from "../message/answer.ts";
import type { GatewayExchange, GatewayRequest, Identity } from "../message/gateway-exchange.ts";
import { HeaderFields } from "../message/header-fields.ts";
import { WholeBody } from "../message/whole-body.ts";
import type { Middleware } from "../plugins/plugin.ts";
import type { RunningOperation } from "../running/running-operation.ts";
import { discard } from "../running/write-answer.ts";

/**
 * Middlewares that decide by who somebody is and where from, and not by what is asked for. `rate-limit` is one of them, so that nobody guesses keys faster by asking for lists than by calls. What depends on
 * the request (`cel`, `opa-authz`) is decided when there is one.
 */
const BY_WHO = new Set([
  "acl",
  "apikey-auth",
  "basic-auth",
  "bot-detection",
  "ip-restriction",
  "jwt-auth",
  "oauth2-auth",
  "oidc-auth",
  "rate-limit",
]);

export interface Visible {
  /** Whether the operation lets the caller in. */
  readonly has: (operation: RunningOperation) => boolean;
  /** Why the first of those that do not, does not; undefined when all do. */
  readonly refusal: Answer | undefined;
}

/**
 * Asks each chain of middlewares once, however many operations have it, and counts in each quota once.
 *
 * @param enforcing plugins that the artifact has brought along and that enforce security
 */
export async function visibleTo(
  exchange: GatewayExchange,
  operations: readonly RunningOperation[],
  enforcing: ReadonlySet<string>,
): Promise<Visible> {
  const chains = new Map<string, boolean>();
  const ids = new Map<Middleware, number>();
  /** Of quotas that have counted this list: whether there was any left. */
  const counted = new Map<Middleware, boolean>();
  const idOf = (middleware: Middleware): number => {
    const id = ids.get(middleware) ?? ids.size;
    ids.set(middleware, id);
    return id;
  };
  const deciding = ({ middlewares, names, admissions }: RunningOperation): readonly Middleware[] =>
    middlewares.filter((_, index) => index < admissions && (BY_WHO.has(names[index]!) || enforcing.has(names[index]!)));
  const keyOf = (operation: RunningOperation): string => deciding(operation).map(idOf).join();
  let refusal: Answer | undefined;
  for (const operation of operations) {
    const key = keyOf(operation);
    if (chains.has(key)) continue;
    const asking = new Asking(exchange, operation);
    let answer: Answer | undefined;
    let isIn = true;
    for (const middleware of deciding(operation)) {
      const isQuota = operation.names[operation.middlewares.indexOf(middleware)] === "rate-limit";
      const before = isQuota ? counted.get(middleware) : undefined;
      if (before === undefined) answer = await middleware.onRequest?.(asking);
      isIn = before ?? answer === undefined;
      if (isQuota) counted.set(middleware, isIn);
      if (!isIn) break;
    }
    chains.set(key, isIn);
    if (answer === undefined) continue;
    if (refusal === undefined) refusal = answer;
    else discard(answer);
  }
  return { has: (operation) => chains.get(keyOf(operation)) === true, refusal };
}

/** A request for an operation that is not made: what middlewares take off it is not taken off the caller's own. */
class Asking implements GatewayExchange {
  readonly request: GatewayRequest;
  readonly context = new Map<string, string>();
  readonly notes: unknown[] = [];
  identity: Identity | undefined;

  constructor(
    private readonly outer: GatewayExchange,
    private readonly running: RunningOperation,
  ) {
    const { clientAddress, secure, host, headers } = outer.request;
    this.request = {
      method: running.planned.method,
      path: running.planned.path,
      query: "",
      headers: HeaderFields.of(headers.toRaw()),
      pathParameters: {},
      clientAddress,
      secure,
      host,
      body: new WholeBody(new Uint8Array()),
    };
  }

  get operation() {
    return this.running.planned;
  }

  get requestId() {
    return this.outer.requestId;
  }

  get trace() {
    return this.outer.trace;
  }

  get signal() {
    return this.outer.signal;
  }

  whenGone(listener: () => void): void {
    this.outer.whenGone(listener);
  }
}
