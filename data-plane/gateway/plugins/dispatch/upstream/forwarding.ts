/** One request of a client on its way to a server, and to another one where it may be sent again. */
import type { BodyFailure, ClientExchange, ClientFailure, ExchangeListener, OutgoingRequest } from "#foundation/http1";
import type { TimerHandle } from "#foundation/runtime";
import type { Answer } from "../../../message/answer.ts";
import type { GatewayExchange } from "../../../message/gateway-exchange.ts";
import { problem } from "../../../problems.ts";
import type { PluginHost } from "../../plugin.ts";
import type { Upstream } from "../../upstream-address.ts";
import { answerOf, clientGone, failureAnswer } from "./answers.ts";
import { brokenBodyAnswer, writeBody } from "./request-body.ts";
import { isRepeatable, type RetryReason, type RetryRules, reasonOfFailure, reasonOfStatus } from "./retry-rules.ts";
import type { NoServer, Turn, UpstreamGroup } from "./upstream-group.ts";

/** What is the same for all requests of a dispatcher. */
export interface ForwardingRules {
  readonly host: Pick<PluginHost, "pool" | "timers" | "random">;
  readonly group: UpstreamGroup;
  readonly retries: RetryRules | undefined;
  requestTo(upstream: Upstream, exchange: GatewayExchange): OutgoingRequest;
}

/** Before a server is asked again that has just failed; doubled each time, and drawn by chance up to it. */
const FIRST_PAUSE_MS = 25;

/** @param give called once with the answer */
export function forward(exchange: GatewayExchange, rules: ForwardingRules, give: (answer: Answer) => void): void {
  new Forwarding(exchange, rules, give).start();
}

/** At most one request is on its way at a time, and only `#mayRepeat` lets another one follow. */
class Forwarding implements ExchangeListener {
  readonly #exchange: GatewayExchange;
  readonly #rules: ForwardingRules;
  readonly #give: (answer: Answer) => void;
  #turn: Turn | undefined;
  #upstream: ClientExchange | undefined;
  #attempts = 0;
  #tried: Set<string> | undefined;
  #pause: TimerHandle | undefined;
  #isGone = false;
  #isAnswered = false;

  constructor(exchange: GatewayExchange, rules: ForwardingRules, give: (answer: Answer) => void) {
    this.#exchange = exchange;
    this.#rules = rules;
    this.#give = give;
  }

  start(): void {
    if (this.#rules.retries !== undefined) this.#rules.group.budget?.earn();
    this.#exchange.whenGone(() => this.#leave());
    if (!this.#isGone) this.#send();
  }

  onResponse(upstream: ClientExchange): void {
    const reason = reasonOfStatus(upstream.head.status);
    this.#turn?.judge(reason === undefined ? "ok" : "failed");
    if (reason === undefined || !this.#mayRepeat(reason, true)) {
      this.#resolve(answerOf(upstream));
      return;
    }
    this.#endTurn();
    this.#upstream = undefined;
    // What is left of it is not worth waiting for.
    if (!upstream.body.isComplete) upstream.abort();
    this.#repeat();
  }

  onFailure(failure: ClientFailure, sent: boolean): void {
    const reason = reasonOfFailure(failure, sent);
    // What has no reason is our own doing.
    this.#turn?.judge(reason === undefined ? "unknown" : "failed");
    this.#endTurn();
    this.#upstream = undefined;
    if (reason !== undefined && this.#mayRepeat(reason, sent)) this.#repeat();
    else this.#resolve(failureAnswer(failure));
  }

  onOver(upstream: ClientExchange): void {
    if (this.#upstream === upstream) this.#endTurn();
  }

  onWritable(upstream: ClientExchange): void {
    const { stream } = this.#exchange.request.body;
    if (stream !== undefined) writeBody(stream, upstream, (failure) => this.#bodyBroke(upstream, failure));
  }

  #send(): void {
    const { group, host, requestTo } = this.#rules;
    const turn = group.choose(this.#tried);
    if (typeof turn === "string") {
      this.#resolve(refusal(turn, group));
      return;
    }
    this.#attempts++;
    this.#turn = turn;
    const upstream = host.pool.request(turn.upstream.origin, requestTo(turn.upstream, this.#exchange), this);
    // It may have failed at once, and another one may have taken its place.
    if (upstream.phase !== "over") this.#upstream = upstream;
  }

  #mayRepeat(reason: RetryReason, sent: boolean): boolean {
    const { retries, group } = this.#rules;
    if (retries === undefined || this.#isGone || this.#attempts > retries.attempts || !retries.on.has(reason)) {
      return false;
    }
    const { method, body } = this.#exchange.request;
    // Asked last: it costs.
    return isRepeatable(method, body.bytes !== undefined, sent) && group.budget?.spend() === true;
  }

  #repeat(): void {
    const { group, host } = this.#rules;
    if (this.#tried!.size < group.size) {
      this.#send();
      return;
    }
    const pauseMs = host.random.float() * FIRST_PAUSE_MS * 2 ** (this.#attempts - 1);
    this.#pause = host.timers.after(pauseMs, () => this.#send());
  }

  #endTurn(): void {
    const turn = this.#turn;
    if (turn === undefined) return;
    this.#turn = undefined;
    if (this.#rules.retries !== undefined) {
      this.#tried ??= new Set();
      this.#tried.add(turn.id);
    }
    turn.done();
  }

  /** A client that leaves is told of as long as its request is there, also behind its answer. */
  #resolve(answer: Answer): void {
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    this.#give(answer);
  }

  #bodyBroke(upstream: ClientExchange, failure: BodyFailure): void {
    upstream.abort();
    this.#endTurn();
    this.#resolve(brokenBodyAnswer(failure));
  }

  /** Nobody wants the response any more. The request ends all the same: it is counted, logged, and keeps its epoch until then. */
  #leave(): void {
    this.#isGone = true;
    this.#pause?.cancel();
    this.#upstream?.abort();
    this.#endTurn();
    this.#resolve(clientGone());
  }
}

function refusal(why: NoServer, group: UpstreamGroup): Answer {
  if (why === "circuit-open") {
    return problem("circuit-open", { headers: ["Retry-After", String(group.secondsUntilTrial)] });
  }
  return problem("upstream-unavailable", { status: 503, detail: "No upstream is healthy." });
}
