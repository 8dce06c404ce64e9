/** One request of a client, from its head to the last octet of its answer. */
import type { ServerExchange } from "#foundation/http1";
import type { Clock } from "#foundation/runtime";
import type { AccessLine, Logger } from "#foundation/telemetry";
import type { Answer } from "../message/answer.ts";
import type { ExchangeOutcome } from "../plugins/plugin.ts";
import { problem } from "../problems.ts";
import type { Epoch } from "./epoch.ts";
import type { GatewayMetrics, OperationMetrics } from "./gateway-metrics.ts";
import type { Passage, PassageOwner } from "./passage.ts";
import type { RequestTraces } from "./request-traces.ts";
import type { Tunnels } from "./tunnels.ts";
import { type AnswerOwner, discard, writeAnswer } from "./write-answer.ts";

/** What requests need of their gateway. */
export interface VisitHost {
  readonly metrics: GatewayMetrics;
  /** Of requests that no operation takes. */
  readonly unmatched: OperationMetrics;
  readonly tunnels: Tunnels;
  readonly isDraining: boolean;
  readonly clock: Pick<Clock, "now">;
  readonly log: Logger;
  readonly accessLog: ((line: AccessLine) => void) | undefined;
  readonly traces: RequestTraces | undefined;
}

export class Visit implements PassageOwner, AnswerOwner {
  readonly #host: VisitHost;
  readonly #exchange: ServerExchange;
  readonly #epoch: Epoch;
  readonly #requestId: string;
  readonly #started: number;
  readonly #method: string;
  readonly #target: string;
  /** Both for the access log only: they are gone when the request is over. */
  readonly #authority: string;
  readonly #agent: string | undefined;
  #passage: Passage | undefined;
  #status = 0;
  #isEnded = false;

  /** @param started on the clock of `performance.now()` */
  constructor(host: VisitHost, exchange: ServerExchange, epoch: Epoch, requestId: string, started: number) {
    const { head } = exchange;
    const isLogged = host.accessLog !== undefined;
    this.#host = host;
    this.#exchange = exchange;
    this.#epoch = epoch;
    this.#requestId = requestId;
    this.#started = started;
    this.#method = head.method;
    this.#target = head.target;
    this.#authority = isLogged ? head.host : "";
    this.#agent = isLogged ? head.fields.get("user-agent") : undefined;
    epoch.enter();
    host.metrics.active.inc();
  }

  onAnswer(given: Answer, passage?: Passage): void {
    const exchange = this.#exchange;
    const answer = this.#withinTunnels(given);
    const own = passage?.running.answerFields;
    const fields = ["X-Request-Id", this.#requestId];
    if (own !== undefined && own.length > 0) fields.push(...own);
    if (passage?.running.watchesEnd === true) passage.request.headers.detach();
    this.#passage = passage;
    this.#status = answer.status;
    try {
      writeAnswer(exchange, answer, fields, this, this.#host.tunnels);
    } catch (error) {
      // A field that a plugin has made cannot be written.
      this.onDefect(error);
      if (!exchange.isBegun) writeAnswer(exchange, problem("internal"), fields, NOBODY);
      else exchange.abort();
      this.#status = 500;
      this.onWritten(false, 0);
    }
  }

  onWritten(complete: boolean, bytesOut: number): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const { metrics, unmatched, accessLog } = this.#host;
    const passage = this.#passage;
    const status = this.#status;
    const durationMs = performance.now() - this.#started;
    (passage?.running.metrics ?? unmatched).ended(status, durationMs);
    metrics.active.dec();
    const isWatched = passage !== undefined && (passage.running.watchesEnd || passage.isTraced);
    if (isWatched || accessLog !== undefined) {
      const bytesIn = passage?.request.body.length ?? 0;
      const outcome = { status, complete, durationMs, bytesIn, bytesOut };
      if (passage !== undefined) this.#tellEnd(passage, outcome);
      this.#logAccess(outcome);
    }
    this.#epoch.leave();
  }

  onMisfit(detail: string, { operation, requestId }: Passage): void {
    this.#host.log.warn("an answer does not fit its description", { operation: operation.id, detail, requestId });
  }

  onDefect(error: unknown): void {
    this.#host.log.error("a request failed by a defect", { error, requestId: this.#requestId });
  }

  #withinTunnels(answer: Answer): Answer {
    const { tunnels, isDraining } = this.#host;
    if (answer.upgraded === undefined || !(tunnels.isFull || isDraining)) return answer;
    discard(answer);
    return problem(isDraining ? "shutting-down" : "too-many-connections", { headers: ["Retry-After", "5"] });
  }

  #tellEnd(passage: Passage, outcome: ExchangeOutcome): void {
    const { middlewares } = passage.running;
    for (let index = passage.entered - 1; index >= 0; index--) {
      try {
        middlewares[index]!.onEnd?.(passage, outcome);
      } catch (error) {
        this.onDefect(error);
      }
    }
    if (passage.isTraced) this.#trace(passage, outcome);
  }

  #trace(passage: Passage, outcome: ExchangeOutcome): void {
    const { request, operation, trace, requestId, dispatchedAt, answeredAt } = passage;
    const since = (at: number | undefined): number | undefined => (at === undefined ? undefined : at - this.#started);
    this.#host.traces?.record({
      ...outcome,
      trace,
      requestId,
      method: request.method,
      route: operation.path,
      operation: operation.operationId ?? operation.id,
      path: request.path,
      host: request.host,
      secure: request.secure,
      clientAddress: request.clientAddress,
      startMs: this.#host.clock.now() - outcome.durationMs,
      dispatchedMs: since(dispatchedAt),
      answeredMs: since(answeredAt),
    });
  }

  #logAccess(outcome: ExchangeOutcome): void {
    this.#host.accessLog?.({
      ...outcome,
      requestId: this.#requestId,
      remoteAddress: this.#passage?.request.clientAddress ?? this.#exchange.remoteAddress,
      method: this.#method,
      target: this.#target,
      host: this.#authority,
      userAgent: this.#agent,
    });
  }
}

const NOBODY: AnswerOwner = { onWritten() {} };
