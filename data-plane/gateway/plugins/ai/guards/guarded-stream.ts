/** A stream of chat chunks, or of events of a response, with rules over their texts, at the pace of whoever reads it. */
import { DONE } from "../providers/openai.ts";
import { isRecord } from "../providers/provider.ts";
import { EventReader, EventTooLarge, eventText } from "../streams/event-reader.ts";
import { GuardedChat } from "./guarded-chat.ts";
import { GuardedResponses, isResponseEvent } from "./guarded-responses.ts";
import type { TextRules } from "./guarded-text.ts";

export type GuardOutcome = "passed" | "redacted" | "blocked";

const BLOCKED = JSON.stringify({
  error: { message: "The response is not allowed.", type: "content_filter", param: null, code: "ai_response_blocked" },
});

type Step = IteratorResult<Uint8Array, undefined>;

const OVER: Step = { done: true, value: undefined };

/** What is not allowed ends with an error for the client, and with nobody reading on: so the provider stops too. What cannot be read is not allowed. */
export class GuardedStream implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array, undefined> {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #onOutcome: (outcome: GuardOutcome) => void;
  readonly #reader = new EventReader();
  readonly #chat: GuardedChat;
  readonly #responses: GuardedResponses;
  #isOver = false;

  constructor(source: AsyncIterable<Uint8Array>, rules: TextRules, onOutcome: (outcome: GuardOutcome) => void) {
    this.#source = source[Symbol.asyncIterator]();
    this.#chat = new GuardedChat(rules);
    this.#responses = new GuardedResponses(rules);
    this.#onOutcome = onOutcome;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    return this;
  }

  async next(): Promise<Step> {
    while (!this.#isOver) {
      const step = await this.#source.next();
      const text = this.#read(step.done === true ? undefined : step.value);
      if (step.done === true && !this.#isOver) this.#end("passed");
      if (text !== "") return { done: false, value: Buffer.from(text) };
    }
    return OVER;
  }

  async return(): Promise<Step> {
    if (!this.#isOver) {
      this.#end("passed");
      await this.#source.return?.();
    }
    return OVER;
  }

  /** @param bytes undefined at the end of the stream */
  #read(bytes: Uint8Array | undefined): string {
    let text = "";
    try {
      for (const { data } of bytes === undefined ? this.#reader.finish() : this.#reader.push(bytes)) {
        text += this.#take(data);
        if (this.#isBlocked) return text + this.#block();
      }
    } catch (error) {
      if (!(error instanceof EventTooLarge || error instanceof SyntaxError)) throw error;
      return text + this.#block();
    }
    if (bytes === undefined) text += this.#rest();
    return this.#isBlocked ? text + this.#block() : text;
  }

  get #isBlocked(): boolean {
    return this.#chat.isBlocked || this.#responses.isBlocked;
  }

  /** @throws SyntaxError for what is no chunk */
  #take(data: string): string {
    if (data === DONE) {
      const rest = this.#rest();
      return this.#chat.isBlocked ? rest : rest + eventText(DONE);
    }
    const chunk: unknown = JSON.parse(data);
    if (!isRecord(chunk)) throw new SyntaxError("no chunk");
    if (!isResponseEvent(chunk)) return eventText(JSON.stringify(this.#chat.chunk(chunk)));
    const events = this.#responses.events(chunk);
    // Nothing of what is not allowed passes with the event that has it whole.
    if (this.#responses.isBlocked) return "";
    return events.map((event) => eventText(JSON.stringify(event), String(event.type))).join("");
  }

  #rest(): string {
    const rest = this.#chat.end();
    return rest === undefined ? "" : eventText(JSON.stringify(rest));
  }

  #block(): string {
    this.#end("blocked");
    void this.#source.return?.();
    return eventText(BLOCKED);
  }

  #end(outcome: GuardOutcome): void {
    this.#isOver = true;
    this.#onOutcome(
      outcome === "passed" && this.#chat.redactions + this.#responses.redactions > 0 ? "redacted" : outcome,
    );
  }
}
