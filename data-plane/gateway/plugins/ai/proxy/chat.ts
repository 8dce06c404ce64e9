/** One request of a client, asked of a provider, and of another one where the first has no answer. */
import type { Answer } from "../../../message/answer.ts";
import type { GatewayExchange } from "../../../message/gateway-exchange.ts";
import { HeaderFields } from "../../../message/header-fields.ts";
import type { PluginHost } from "../../plugin.ts";
import { type ChatRequest, errorSentence, NotUnderstood, Untranslatable, type Usage } from "../providers/provider.ts";
import { EventReader } from "../streams/event-reader.ts";
import { LineReader } from "../streams/line-reader.ts";
import { readText } from "./body-text.ts";
import { ChatStream } from "./chat-stream.ts";
import { type CallResult, ProviderCall } from "./provider-call.ts";
import { chatProblem, failureProblem, refusalProblem } from "./proxy-answers.ts";
import type { Target } from "./targets.ts";

export interface ChatRules {
  readonly host: Pick<PluginHost, "pool" | "timers" | "clock">;
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly firstTokenTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly responseBytesMax: number;
  /** What became of asking a provider. */
  readonly onOutcome: (target: Target, outcome: "ok" | "failed" | "refused") => void;
}

/** Of a document about an error; longer ones are cut off. */
const ERROR_BYTES_MAX = 64 * 1024;
/** For the end of a stream whose last event has come: then the connection can be used again. */
const LINGER_MS = 1_000;
/** Characters of a token, on the average, where nobody has counted. */
const CHARACTERS_PER_TOKEN = 4;

/** What asking one provider has led to: an answer to give; or one that is given only when nobody else is there to be asked. */
interface Outcome {
  readonly answer: Answer;
  readonly isFinal: boolean;
}

type Responded = Extract<CallResult, { readonly kind: "response" }>;

export class Chat {
  #call: ProviderCall | undefined;
  #isGone = false;

  constructor(
    private readonly exchange: GatewayExchange,
    private readonly surface: "chat" | "responses",
    private readonly chat: ChatRequest,
    /** For the client, beside those of the provider. */
    private readonly warnings: readonly string[],
    private readonly rules: ChatRules,
  ) {
    exchange.whenGone(() => {
      this.#isGone = true;
      this.#call?.giveUp();
    });
  }

  /** @param targets with the model that each is asked for, in order */
  async answer(targets: readonly (readonly [Target, model: string])[]): Promise<Answer> {
    let last: Answer | undefined;
    for (const [target, model] of targets) {
      if (this.#isGone) return clientGone();
      const outcome = await this.#ask(target, model, last === undefined);
      if (outcome === undefined) continue;
      if (outcome.isFinal) return outcome.answer;
      last = outcome.answer;
    }
    return this.#isGone ? clientGone() : last!;
  }

  /** @returns undefined when a later provider has no words for the request: then it is as if it were not there */
  async #ask(target: Target, model: string, isFirst: boolean): Promise<Outcome | undefined> {
    let body: string;
    try {
      body = target[this.surface].provider.request(this.chat, model);
    } catch (error) {
      if (!(error instanceof Untranslatable)) throw error;
      return isFirst ? final(chatProblem(error.code, error.message, { param: error.param })) : undefined;
    }
    const { context } = this.exchange;
    context.set("ai.provider", target.providerName);
    context.set("ai.model", model);
    const { host, timeoutMs, connectTimeoutMs, firstTokenTimeoutMs, idleTimeoutMs } = this.rules;
    const { isStream } = this.chat;
    const call = new ProviderCall(host.pool, target.upstream.origin, {
      method: "POST",
      target: target[this.surface].path,
      host: target.upstream.host,
      fields: [...target.fields, "Accept", isStream ? target[this.surface].provider.streamType : "application/json"],
      body: Buffer.from(body),
      connectTimeoutMs,
      responseTimeoutMs: isStream ? firstTokenTimeoutMs : timeoutMs,
      idleTimeoutMs,
      ...(isStream ? {} : { totalTimeoutMs: timeoutMs }),
    });
    this.#call = call;
    const askedAt = host.clock.monotonicMs();
    const result = await call.result;
    if (result.kind === "given-up") return final(clientGone());
    if (result.kind === "failure") return this.#failed(target, failureProblem(result.failure));
    if (result.status < 200 || result.status > 299) return this.#refused(target, result, call);
    if (!isStream) return this.#whole(target, result, call);
    return this.#stream(target, result, call, firstTokenTimeoutMs - (host.clock.monotonicMs() - askedAt));
  }

  #failed(target: Target, answer: Answer): Outcome {
    this.rules.onOutcome(target, "failed");
    return { answer, isFinal: this.#isGone };
  }

  async #refused(target: Target, { status, retryAfter, body }: Responded, call: ProviderCall): Promise<Outcome> {
    const text = await readText(body, ERROR_BYTES_MAX);
    if (text === undefined) call.giveUp();
    const answer = refusalProblem(status, errorSentence(text ?? ""), retryAfter);
    if (status === 429 || status >= 500) return this.#failed(target, answer);
    this.rules.onOutcome(target, "refused");
    return final(answer);
  }

  async #whole(target: Target, { body }: Responded, call: ProviderCall): Promise<Outcome> {
    const text = await readText(body, this.rules.responseBytesMax);
    if (text === undefined) {
      call.giveUp();
      return this.#failed(
        target,
        chatProblem("upstream-invalid", "The provider's response broke off, or is too large."),
      );
    }
    try {
      const response = target[this.surface].provider.response(text, () => this.rules.host.clock.now(), this.chat);
      this.rules.onOutcome(target, "ok");
      this.#tellUsage(response.usage, response.text.length);
      return final(this.#answer(target, "application/json", Buffer.from(response.text)));
    } catch (error) {
      if (!(error instanceof NotUnderstood)) throw error;
      return this.#failed(target, chatProblem("upstream-invalid", error.message));
    }
  }

  async #stream(
    target: Target,
    { body, mediaType }: Responded,
    call: ProviderCall,
    beginsWithinMs: number,
  ): Promise<Outcome> {
    const { host, onOutcome } = this.rules;
    const { provider } = target[this.surface];
    const { streamType } = provider;
    if (mediaType !== streamType) {
      call.giveUp();
      return this.#failed(target, chatProblem("upstream-invalid", "The provider's response is no stream of events."));
    }
    const translator = provider.stream(this.chat, () => host.clock.now());
    const stream = new ChatStream({
      body,
      reader: streamType === "text/event-stream" ? new EventReader() : new LineReader(),
      translator,
      nameOf: this.surface === "responses" ? typeOf : () => undefined,
      onEnd: (complete) => {
        this.#tellUsage(translator.usage, translator.characters);
        if (!complete) call.giveUp();
        else if (!body.isComplete) host.timers.after(LINGER_MS, () => call.giveUp());
      },
    });
    let isLate = false;
    const timer = host.timers.after(Math.max(0, beginsWithinMs), () => {
      isLate = true;
      call.giveUp();
    });
    const wrong = await stream.begin();
    timer.cancel();
    if (wrong !== undefined) {
      call.giveUp();
      const answer = isLate
        ? chatProblem("upstream-timeout", "The provider took too long to begin.")
        : chatProblem("upstream-invalid", wrong);
      return this.#failed(target, answer);
    }
    onOutcome(target, "ok");
    return final(this.#answer(target, "text/event-stream", stream));
  }

  #answer(target: Target, type: string, body: Uint8Array | ChatStream): Answer {
    const { provider } = target[this.surface];
    const headers = ["Content-Type", type, ...(body instanceof Uint8Array ? [] : ["Cache-Control", "no-cache"])];
    for (const warning of [...this.warnings, ...(provider.warnings?.(this.chat) ?? [])]) {
      headers.push("Warning", `299 - "${warning}"`);
    }
    return { status: 200, headers: HeaderFields.of(headers), body };
  }

  /** What the provider has counted; or an estimate of what has passed, when it says nothing. */
  #tellUsage(usage: Usage | undefined, characters: number): void {
    const { context } = this.exchange;
    const estimated = { prompt: tokensFor(this.chat.text.length), completion: tokensFor(characters) };
    const { prompt, completion } = usage ?? estimated;
    context.set("ai.usage", usage === undefined ? "estimated" : "counted");
    context.set("ai.prompt_tokens", String(prompt));
    context.set("ai.completion_tokens", String(completion));
  }
}

const tokensFor = (characters: number): number => Math.ceil(characters / CHARACTERS_PER_TOKEN);

const final = (answer: Answer): Outcome => ({ answer, isFinal: true });

/** Nobody is told this; it is what stands in the log for a client that did not wait. */
const clientGone = (): Answer => ({ status: 499, headers: HeaderFields.of(), body: null });

/** Events of the Responses API have their type first, and are called by it. */
const typeOf = (data: string): string | undefined => /^\{"type":"([a-z_.]+)"/.exec(data)?.[1];
