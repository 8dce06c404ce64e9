/** Anthropic's stream of events, translated event by event. Pure. */
import type { ServerSentEvent } from "../streams/event-reader.ts";
import { anthropicUsage, finishReason, openAiUsage } from "./anthropic-words.ts";
import { DONE } from "./openai.ts";
import {
  isRecord,
  type JsonRecord,
  NotUnderstood,
  parseRecord,
  type StreamTranslator,
  type Usage,
} from "./provider.ts";

interface Call {
  /** Its place among the calls; blocks are counted with texts. */
  readonly index: number;
  hasArguments: boolean;
}

export class AnthropicStream implements StreamTranslator {
  readonly #wantsUsage: boolean;
  readonly #created: number;
  #id: unknown;
  #model: unknown;
  #counts: JsonRecord = {};
  #stopReason: unknown;
  /** By the index of its block. */
  readonly #calls = new Map<unknown, Call>();
  isDone = false;
  usage: Usage | undefined;
  characters = 0;
  error: string | undefined;

  constructor(wantsUsage: boolean, created: number) {
    this.#wantsUsage = wantsUsage;
    this.#created = created;
  }

  take({ data }: ServerSentEvent): readonly string[] {
    if (this.isDone || this.error !== undefined) return [];
    const event = parseRecord(data);
    switch (event.type) {
      case "message_start":
        return this.#start(event.message);
      case "content_block_start":
        return this.#startBlock(event);
      case "content_block_delta":
        return this.#delta(event);
      case "content_block_stop":
        return this.#endBlock(event);
      case "message_delta":
        if (isRecord(event.delta)) this.#stopReason = event.delta.stop_reason ?? this.#stopReason;
        this.#count(event.usage);
        return [];
      case "message_stop":
        return this.#stop();
      case "error":
        return this.#fail(event.error);
      default:
        // Pings, and what may come to be: it is said that these may be passed over.
        return [];
    }
  }

  end(): readonly string[] {
    if (this.isDone || this.error !== undefined) return [];
    throw new NotUnderstood("The provider's stream has ended before its answer has.");
  }

  #start(message: unknown): readonly string[] {
    if (!isRecord(message)) throw new NotUnderstood("The provider begins a message that is none.");
    this.#id = message.id;
    this.#model = message.model;
    this.#count(message.usage);
    return [this.#chunk({ role: "assistant", content: "", refusal: null })];
  }

  #startBlock({ index, content_block: block }: JsonRecord): readonly string[] {
    if (!isRecord(block)) return [];
    if (block.type === "text") return this.#text(block.text);
    if (block.type !== "tool_use") return [];
    const call: Call = { index: this.#calls.size, hasArguments: false };
    this.#calls.set(index, call);
    const { id, name } = block;
    return [
      this.#chunk({ tool_calls: [{ index: call.index, id, type: "function", function: { name, arguments: "" } }] }),
    ];
  }

  #delta({ index, delta }: JsonRecord): readonly string[] {
    if (!isRecord(delta)) return [];
    if (delta.type === "text_delta") return this.#text(delta.text);
    if (delta.type !== "input_json_delta" || typeof delta.partial_json !== "string") return [];
    const call = this.#calls.get(index);
    return call === undefined || delta.partial_json === "" ? [] : this.#arguments(call, delta.partial_json);
  }

  /** Functions without arguments are called with an object all the same. */
  #endBlock({ index }: JsonRecord): readonly string[] {
    const call = this.#calls.get(index);
    return call === undefined || call.hasArguments ? [] : this.#arguments(call, "{}");
  }

  #arguments(call: Call, text: string): readonly string[] {
    call.hasArguments = true;
    this.characters += text.length;
    return [this.#chunk({ tool_calls: [{ index: call.index, function: { arguments: text } }] })];
  }

  #text(text: unknown): readonly string[] {
    if (typeof text !== "string" || text === "") return [];
    this.characters += text.length;
    return [this.#chunk({ content: text })];
  }

  /** Counts are of the whole message so far; the last one of each is right. */
  #count(usage: unknown): void {
    if (!isRecord(usage)) return;
    const known = Object.entries(usage).filter(([, value]) => value !== null);
    this.#counts = { ...this.#counts, ...Object.fromEntries(known) };
  }

  #stop(): readonly string[] {
    this.isDone = true;
    this.usage = anthropicUsage(this.#counts);
    const last = this.#chunk({}, finishReason(this.#stopReason));
    if (!this.#wantsUsage) return [last, DONE];
    return [last, JSON.stringify({ ...this.#head(), choices: [], usage: openAiUsage(this.#counts) }), DONE];
  }

  #fail(error: unknown): readonly string[] {
    const { type = "api_error", message = "The provider has failed." } = isRecord(error) ? error : {};
    this.error = String(message);
    return [JSON.stringify({ error: { message, type, param: null, code: null } })];
  }

  #head(): JsonRecord {
    return { id: this.#id, object: "chat.completion.chunk", created: this.#created, model: this.#model };
  }

  #chunk(delta: JsonRecord, reason: string | null = null): string {
    const choices = [{ index: 0, delta, logprobs: null, finish_reason: reason }];
    // As OpenAI does it: null until the end, where it is wanted.
    return JSON.stringify({ ...this.#head(), choices, ...(this.#wantsUsage ? { usage: null } : {}) });
  }
}
