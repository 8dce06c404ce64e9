/** One request on its way: in through its middlewares, to the dispatcher, and back. */
import { BodyBroken, BodyTooLarge } from "#foundation/http1";
import { childTrace, parseTraceparent, type TraceContext } from "#foundation/telemetry";
import type { Answer } from "../message/answer.ts";
import type { GatewayExchange, GatewayRequest, Identity } from "../message/gateway-exchange.ts";
import type { HeaderFields } from "../message/header-fields.ts";
import type { MaybeAsync } from "../plugins/plugin.ts";
import { isOwnProblem, problem } from "../problems.ts";
import type { Misfit } from "../validation/response-checks.ts";
import { sentenceOf, type Violation } from "../validation/violation.ts";
import type { ClientSeen } from "./client-address.ts";
import { IncomingBody, type RequestSource } from "./incoming-body.ts";
import type { RunningOperation } from "./running-operation.ts";
import { lookInto, makeWhole } from "./whole-answer.ts";
import { discard } from "./write-answer.ts";

/** What is the same for all requests. */
export interface PassageSettings {
  readonly limits: { readonly maxBodyBytes: number; readonly maxAnswerBytes: number };
  /** Two digits for each octet. */
  readonly randomHex: (octets: number) => string;
  /** Whether a trace that begins here is to be recorded; undefined: traces go nowhere. */
  readonly samples: (() => boolean) | undefined;
}

/** Whose request it is. */
export interface PassageOwner {
  /** The answer, as it leaves. Called once. */
  onAnswer(answer: Answer, passage: Passage): void;
  onDefect(error: unknown): void;
  /** An answer does not fit its description. @param detail where and how, without content */
  onMisfit(detail: string, passage: Passage): void;
}

export interface PassageOptions {
  readonly settings: PassageSettings;
  readonly owner: PassageOwner;
  readonly exchange: RequestSource;
  readonly target: PassageTarget;
  readonly requestId: string;
  readonly headers: HeaderFields;
  readonly client: ClientSeen;
}

/** What is asked for. */
export interface PassageTarget {
  readonly operation: RunningOperation;
  /** Of the path's parameters in their order, percent-encoded. */
  readonly values: readonly string[];
  readonly path: string;
  readonly query: string;
}

/**
 * Runs without promises as long as nobody answers with one: a request that only passes through costs no turn of the loop.
 */
export class Passage implements GatewayExchange {
  readonly request: GatewayRequest;
  readonly requestId: string;
  identity: Identity | undefined;
  readonly running: RunningOperation;
  readonly #settings: PassageSettings;
  readonly #owner: PassageOwner;
  readonly #exchange: RequestSource;
  readonly #pathValues: readonly string[];
  readonly #body: IncomingBody;
  #context: Map<string, string> | undefined;
  #notes: unknown[] | undefined;
  #trace: TraceContext | undefined;
  /** Middlewares that have seen the request. */
  #entered = 0;
  #isOver = false;
  #onGone: (() => void) | undefined;
  /** What is on its way back. */
  #answer: Answer | undefined;
  /** Moments of `performance.now()`, of requests that are traced. */
  dispatchedAt: number | undefined;
  answeredAt: number | undefined;
  readonly #isTraced: boolean;

  constructor(options: PassageOptions) {
    const { settings, exchange, target } = options;
    this.#settings = settings;
    this.#owner = options.owner;
    this.#exchange = exchange;
    this.#pathValues = target.values;
    this.running = target.operation;
    this.requestId = options.requestId;
    this.#body = new IncomingBody(exchange, settings.limits.maxBodyBytes);
    this.request = new IncomingRequest(options, this.#body);
    // Read now: the fields are gone when the request is over.
    this.#isTraced = settings.samples !== undefined && this.trace.sampled;
  }

  get operation() {
    return this.running.planned;
  }

  get context(): Map<string, string> {
    this.#context ??= new Map();
    return this.#context;
  }

  get notes(): unknown[] {
    this.#notes ??= [];
    return this.#notes;
  }

  get trace(): TraceContext {
    if (this.#trace === undefined) {
      const parent = parseTraceparent(this.request.headers.get("traceparent"));
      const { randomHex, samples } = this.#settings;
      this.#trace = childTrace(parent, randomHex, parent === undefined && samples?.() === true);
    }
    return this.#trace;
  }

  get signal(): AbortSignal {
    return this.#exchange.signal;
  }

  whenGone(listener: () => void): void {
    const exchange = this.#exchange;
    if (exchange.isOver) {
      listener();
      return;
    }
    const before = this.#onGone;
    this.#onGone =
      before === undefined
        ? listener
        : () => {
            before();
            listener();
          };
    exchange.onGone = this.#onGone;
  }

  get isTraced(): boolean {
    return this.#isTraced;
  }

  /** Middlewares whose `onRequest` was called. */
  get entered(): number {
    return this.#entered;
  }

  start(): void {
    let answer: MaybeAsync<Answer | undefined>;
    try {
      answer = this.#admit();
    } catch (error) {
      this.#failed(error);
      return;
    }
    if (answer instanceof Promise) answer.then(this.#settled, this.#failed);
    else if (answer !== undefined) this.#settled(answer);
  }

  /** There is an answer: it goes back. */
  readonly #settled = (answer: Answer | undefined): void => {
    if (answer === undefined) return;
    try {
      this.#goBack(answer)?.catch(this.#failed);
    } catch (error) {
      this.#failed(error);
    }
  };

  readonly #failed = (error: unknown): void => {
    if (this.#isOver) return;
    this.#owner.onDefect(error);
    if (this.#answer !== undefined) discard(this.#answer);
    // What was on its way back may be what failed: nobody looks at this one any more.
    this.#give(problem("internal", { members: { requestId: this.requestId } }));
  };

  #admit(): MaybeAsync<Answer | undefined> {
    const answer = this.#through(this.running.admissions);
    if (answer === undefined) return this.#check();
    return answer instanceof Promise ? answer.then((one) => one ?? this.#check()) : answer;
  }

  /** Calls middlewares up to `end`. @returns undefined when none of them answers */
  #through(end: number): MaybeAsync<Answer | undefined> {
    const { middlewares } = this.running;
    while (this.#entered < end) {
      const result = middlewares[this.#entered++]!.onRequest?.(this);
      if (result === undefined) continue;
      if (!(result instanceof Promise)) return result;
      return result.then((answer) => answer ?? this.#through(end));
    }
    return undefined;
  }

  #check(): MaybeAsync<Answer | undefined> {
    const { parameters, body, readsBody } = this.running;
    const violations = parameters.check(this.#pathValues, this.request);
    if (violations.length > 0) return this.#invalid(violations);
    const demand = body.demand(this.request.headers.get("content-type"), this.#body.hasBody);
    if (demand.kind === "violation") return this.#invalid([demand.violation]);
    if (demand.kind === "unsupported") {
      this.running.metrics.invalid("content-type");
      return problem("unsupported-media-type", { detail: `Described are: ${demand.allowed.join(", ")}.` });
    }
    if (demand.kind === "check" && isCoded(this.request.headers)) {
      this.running.metrics.invalid("content-type");
      const detail = "A body that is checked has to come as it is, without a content coding.";
      return problem("unsupported-media-type", { detail, headers: ["Accept-Encoding", "identity"] });
    }
    if (demand.kind !== "check") return readsBody ? this.#withBody(() => this.#transform()) : this.#transform();
    return this.#withBody(() => {
      const wrong = demand.check(this.#body.bytes!);
      return wrong.length > 0 ? this.#invalid(wrong) : this.#transform();
    });
  }

  #withBody(next: () => MaybeAsync<Answer | undefined>): MaybeAsync<Answer | undefined> {
    return this.#body.whole(this.#settings.limits.maxBodyBytes)?.then(next, bodyProblem) ?? next();
  }

  #transform(): MaybeAsync<Answer | undefined> {
    const answer = this.#through(this.running.middlewares.length);
    if (answer === undefined) return this.#dispatch();
    return answer instanceof Promise ? answer.then((one) => one ?? this.#dispatch()) : answer;
  }

  /** @returns undefined when the dispatcher tells its answer itself */
  #dispatch(): MaybeAsync<Answer | undefined> {
    const { dispatcher, responses } = this.running;
    if (this.#isTraced) this.dispatchedAt = performance.now();
    if (dispatcher.dispatchTo !== undefined) {
      dispatcher.dispatchTo(this, responses === undefined ? this.#settled : this.#judgeTold);
      return undefined;
    }
    const answer = dispatcher.dispatch(this);
    if (responses === undefined) return answer;
    return answer instanceof Promise ? answer.then((one) => this.#judge(one)) : this.#judge(answer);
  }

  readonly #judgeTold = (answer: Answer): void => {
    let judged: MaybeAsync<Answer>;
    try {
      judged = this.#judge(answer);
    } catch (error) {
      this.#failed(error);
      return;
    }
    if (judged instanceof Promise) judged.then(this.#settled, this.#failed);
    else this.#settled(judged);
  };

  /** Holds the dispatcher's answer against the description. Of its content nothing is told to anybody. */
  #judge(answer: Answer): MaybeAsync<Answer> {
    const responses = this.running.responses!;
    if (isOwnProblem(answer)) return answer;
    const demand = responses.demand(answer, this.request.method);
    if (demand.kind === "fits") return answer;
    if (demand.kind === "misfit") return this.#misfit(demand, answer);
    const { maxAnswerBytes } = this.#settings.limits;
    const { status } = answer;
    // Reporting costs nobody an answer that is too large to be looked into.
    const looked = responses.enforces
      ? makeWhole(answer, maxAnswerBytes).then(() => answer.body as Uint8Array)
      : lookInto(answer, maxAnswerBytes);
    return looked.then((bytes) => {
      // Not to be looked into, or ours by now.
      if (bytes === undefined || answer.status !== status) return answer;
      const misfit = demand.check(bytes);
      return misfit === undefined ? answer : this.#misfit(misfit, answer);
    });
  }

  #misfit({ place, detail }: Misfit, answer: Answer): Answer {
    const { metrics, responses } = this.running;
    metrics.invalidAnswer(place);
    this.#owner.onMisfit(detail, this);
    if (!responses!.enforces) return answer;
    discard(answer);
    return problem("response-invalid");
  }

  #invalid(violations: readonly Violation[]): Answer {
    const [first] = violations;
    this.running.metrics.invalid(first!.in);
    return problem("validation-failed", { detail: sentenceOf(first!), members: { errors: violations } });
  }

  /** In reverse order, beginning with the one that was called last. */
  #goBack(answer: Answer): undefined | Promise<undefined> {
    this.#answer = answer;
    if (this.#isTraced) this.answeredAt = performance.now();
    for (let index = this.#entered - 1; index >= 0; index--) {
      const result = this.#backThrough(index, answer);
      if (!(result instanceof Promise)) continue;
      return result.then(() => this.#goBackFrom(index - 1, answer));
    }
    this.#give(answer);
    return undefined;
  }

  async #goBackFrom(from: number, answer: Answer): Promise<undefined> {
    for (let index = from; index >= 0; index--) await this.#backThrough(index, answer);
    this.#give(answer);
    return undefined;
  }

  #backThrough(index: number, answer: Answer): MaybeAsync<void> {
    const middleware = this.running.middlewares[index]!;
    if (middleware.onResponse === undefined) return undefined;
    if (middleware.readsResponseBody !== true || answer.body === null || answer.body instanceof Uint8Array) {
      return middleware.onResponse(this, answer);
    }
    return makeWhole(answer, this.#settings.limits.maxAnswerBytes).then(() => middleware.onResponse!(this, answer));
  }

  #give(answer: Answer): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#owner.onAnswer(answer, this);
  }
}

/** What a middleware and a dispatcher see of the request. */
class IncomingRequest implements GatewayRequest {
  method: string;
  path: string;
  query: string;
  readonly headers: HeaderFields;
  readonly body: IncomingBody;
  readonly clientAddress: string;
  readonly secure: boolean;
  readonly host: string;
  readonly #names: readonly string[];
  readonly #values: readonly string[];
  #pathParameters: Readonly<Record<string, string>> | undefined;

  constructor({ exchange, target, headers, client }: PassageOptions, body: IncomingBody) {
    this.method = exchange.head.method;
    this.path = target.path;
    this.query = target.query;
    this.headers = headers;
    this.body = body;
    this.clientAddress = client.address;
    this.secure = client.secure;
    this.host = client.host;
    this.#names = target.operation.planned.template.parameters;
    this.#values = target.values;
  }

  get pathParameters(): Readonly<Record<string, string>> {
    if (this.#pathParameters === undefined) {
      const parameters: Record<string, string> = Object.create(null);
      // The router has found all of them to be well encoded.
      for (const [index, name] of this.#names.entries())
        parameters[name] = decodeURIComponent(this.#values[index] ?? "");
      this.#pathParameters = parameters;
    }
    return this.#pathParameters;
  }
}

/**
 * Whether the body is compressed, or says so. It is not unpacked here: that would be work of any size for a few octets. And nothing passes as what it looks like packed: some octets are JSON, and
 * something else once they are unpacked.
 */
function isCoded(headers: HeaderFields): boolean {
  const coding = headers.get("content-encoding");
  return coding !== undefined && !/^[\s,]*(identity[\s,]*)*$/i.test(coding);
}

function bodyProblem(error: unknown): Answer {
  if (error instanceof BodyTooLarge) return problem("payload-too-large");
  if (error instanceof BodyBroken) {
    if (error.failure.kind === "too-large") return problem("payload-too-large");
    if (error.failure.kind === "stalled") return problem("request-timeout");
    return problem("bad-request", { detail: "The body is not complete." });
  }
  throw error;
}
