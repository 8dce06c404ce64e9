/** A provider's stream on its way to the client: translated piece by piece, at the pace of whoever reads it. */
import { BodyBroken, type MessageBody } from "#foundation/http1";
import { NotUnderstood, type StreamTranslator } from "../providers/provider.ts";
import { EventTooLarge, eventText, type StreamReader } from "../streams/event-reader.ts";

export interface ChatStreamOptions {
  readonly body: MessageBody;
  readonly reader: StreamReader;
  readonly translator: StreamTranslator;
  /** The name of an event by its data, where events have names. */
  readonly nameOf: (data: string) => string | undefined;
  /** Called once: when all has passed (`complete`), or nothing more will. */
  readonly onEnd: (complete: boolean) => void;
}

type Step = IteratorResult<Uint8Array, undefined>;

const OVER: Step = { done: true, value: undefined };

/** Nothing of the answer is kept but the event that is being read. Half a stream ends with an error, never as if it were whole. */
export class ChatStream implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array, undefined> {
  readonly #source: AsyncIterator<Buffer>;
  readonly #reader: StreamReader;
  readonly #translator: StreamTranslator;
  readonly #onEnd: (complete: boolean) => void;
  readonly #nameOf: ChatStreamOptions["nameOf"];
  #first: Buffer | undefined;
  #hasEnded = false;

  constructor({ body, reader, translator, nameOf, onEnd }: ChatStreamOptions) {
    this.#source = body[Symbol.asyncIterator]();
    this.#reader = reader;
    this.#translator = translator;
    this.#nameOf = nameOf;
    this.#onEnd = onEnd;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    return this;
  }

  /**
   * Waits for the first piece of the answer, so that another provider may still be asked when there is none.
   * @returns a sentence of what is wrong with it; undefined when it has begun
   */
  async begin(): Promise<string | undefined> {
    try {
      this.#first = await this.#pull();
    } catch (error) {
      return sentenceOf(error);
    }
    if (this.#translator.error !== undefined) return this.#translator.error;
    return this.#first === undefined ? "The provider's stream is empty." : undefined;
  }

  async next(): Promise<Step> {
    const first = this.#first;
    if (first !== undefined) {
      this.#first = undefined;
      return { done: false, value: first };
    }
    if (this.#hasEnded) return OVER;
    try {
      const piece = await this.#pull();
      if (piece !== undefined) return { done: false, value: piece };
      this.#end(true);
      return OVER;
    } catch (error) {
      this.#end(false);
      throw error;
    }
  }

  /** Nobody wants the rest. */
  async return(): Promise<Step> {
    this.#end(false);
    return OVER;
  }

  #end(complete: boolean): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    void this.#source.return?.();
    this.#onEnd(complete);
  }

  /** What the next octets of the provider give; undefined at the end. */
  async #pull(): Promise<Buffer | undefined> {
    const translator = this.#translator;
    while (!translator.isDone && translator.error === undefined) {
      const step = await this.#source.next();
      const events = step.done === true ? this.#reader.finish() : this.#reader.push(step.value);
      let text = "";
      for (const event of events)
        for (const data of translator.take(event)) text += eventText(data, this.#nameOf(data));
      if (step.done === true) for (const data of translator.end()) text += eventText(data, this.#nameOf(data));
      if (text !== "") return Buffer.from(text);
      if (step.done === true) break;
    }
    return undefined;
  }
}

function sentenceOf(error: unknown): string {
  if (error instanceof NotUnderstood || error instanceof EventTooLarge) return error.message;
  if (error instanceof BodyBroken) return "The provider's stream broke off before it began.";
  throw error;
}
