/** The chunks of a chat completion as events of the Responses API, one by one as they come. Pure. */
import { DONE } from "../providers/openai.ts";
import { isRecord, type JsonRecord, NotUnderstood, parseRecord, type StreamTranslator } from "../providers/provider.ts";
import type { ServerSentEvent } from "../streams/event-reader.ts";
import {
  callItem,
  IN_PROGRESS,
  type ItemStatus,
  messageItem,
  type NewId,
  responseObject,
  responseUsage,
  type Standing,
  standingOf,
  textPart,
} from "./response-object.ts";

/** Characters of an answer: the last events say it all once more, so that it has to be kept. */
const ANSWER_MAX = 16 * 1024 * 1024;

interface Message {
  readonly kind: "message";
  readonly id: string;
  text: string;
}

interface Call {
  readonly kind: "call";
  readonly id: string;
  readonly callId: unknown;
  readonly name: unknown;
  arguments: string;
}

interface Item {
  readonly index: number;
  readonly of: Message | Call;
  isOpen: boolean;
}

export class ResponsesStream implements StreamTranslator {
  readonly #chat: StreamTranslator;
  readonly #asked: JsonRecord;
  readonly #newId: NewId;
  readonly #id: string;
  readonly #created: number;
  #model: unknown;
  #sequence = 0;
  readonly #items: Item[] = [];
  #message: Item | undefined;
  /** By the index that the chat gives them. */
  readonly #calls = new Map<unknown, Item>();
  #reason: unknown;
  #usage: unknown;
  isDone = false;

  /** @param chat what understands the provider @param created seconds since 1970 */
  constructor(chat: StreamTranslator, asked: JsonRecord, created: number, newId: NewId) {
    this.#chat = chat;
    this.#asked = asked;
    this.#newId = newId;
    this.#id = `resp_${newId()}`;
    this.#created = created;
    this.#model = asked.model;
  }

  get usage(): StreamTranslator["usage"] {
    return this.#chat.usage;
  }

  get characters(): number {
    return this.#chat.characters;
  }

  get error(): string | undefined {
    return this.#chat.error;
  }

  take(event: ServerSentEvent): readonly string[] {
    return this.#all(this.#chat.take(event));
  }

  end(): readonly string[] {
    return this.#all(this.#chat.end());
  }

  #all(said: readonly string[]): readonly string[] {
    if (this.characters > ANSWER_MAX) throw new NotUnderstood("The provider's answer is too long.");
    return said.flatMap((data) => (data === DONE ? this.#finish() : this.#chunk(parseRecord(data))));
  }

  #chunk(chunk: JsonRecord): readonly string[] {
    if (chunk.error !== undefined && chunk.error !== null) return this.#fail();
    const said: string[] = [];
    if (this.#sequence === 0) {
      this.#model = chunk.model ?? this.#model;
      const response = this.#response(IN_PROGRESS);
      said.push(this.#event("response.created", { response }), this.#event("response.in_progress", { response }));
    }
    if (isRecord(chunk.usage)) this.#usage = chunk.usage;
    const choice: unknown = Array.isArray(chunk.choices) ? chunk.choices[0] : undefined;
    if (!isRecord(choice)) return said;
    this.#reason = choice.finish_reason ?? this.#reason;
    if (isRecord(choice.delta)) {
      const { content, tool_calls: calls } = choice.delta;
      if (typeof content === "string" && content !== "") said.push(...this.#text(content));
      if (Array.isArray(calls)) for (const call of calls) said.push(...this.#call(call));
    }
    return said;
  }

  #text(delta: string): readonly string[] {
    const said: string[] = [];
    let item = this.#message;
    if (item === undefined) {
      item = this.#add({ kind: "message", id: `msg_${this.#newId()}`, text: "" });
      this.#message = item;
      said.push(
        this.#event("response.output_item.added", { output_index: item.index, item: itemOf(item, "in_progress") }),
        this.#event("response.content_part.added", { ...placeOf(item), content_index: 0, part: textPart("") }),
      );
    }
    (item.of as Message).text += delta;
    said.push(this.#event("response.output_text.delta", { ...placeOf(item), content_index: 0, delta, logprobs: [] }));
    return said;
  }

  #call(call: unknown): readonly string[] {
    if (!isRecord(call) || !isRecord(call.function)) return [];
    const { name, arguments: delta } = call.function;
    const said: string[] = [];
    let item = this.#calls.get(call.index);
    if (item === undefined) {
      // What is said after a call is another message.
      if (this.#message !== undefined) said.push(...this.#close(this.#message, "completed"));
      this.#message = undefined;
      item = this.#add({ kind: "call", id: `fc_${this.#newId()}`, callId: call.id, name, arguments: "" });
      this.#calls.set(call.index, item);
      said.push(
        this.#event("response.output_item.added", { output_index: item.index, item: itemOf(item, "in_progress") }),
      );
    }
    if (typeof delta !== "string" || delta === "") return said;
    (item.of as Call).arguments += delta;
    said.push(this.#event("response.function_call_arguments.delta", { ...placeOf(item), delta }));
    return said;
  }

  #add(of: Message | Call): Item {
    const item: Item = { index: this.#items.length, of, isOpen: true };
    this.#items.push(item);
    return item;
  }

  #close(item: Item, status: ItemStatus): readonly string[] {
    if (!item.isOpen) return [];
    item.isOpen = false;
    const { of } = item;
    const place = placeOf(item);
    const done =
      of.kind === "call"
        ? [this.#event("response.function_call_arguments.done", { ...place, name: of.name, arguments: of.arguments })]
        : [
            this.#event("response.output_text.done", { ...place, content_index: 0, text: of.text, logprobs: [] }),
            this.#event("response.content_part.done", { ...place, content_index: 0, part: textPart(of.text) }),
          ];
    const whole = itemOf(item, status);
    return [...done, this.#event("response.output_item.done", { output_index: item.index, item: whole })];
  }

  #finish(): readonly string[] {
    const standing = standingOf(this.#reason);
    const status = standing.status === "completed" ? "completed" : "incomplete";
    const said = this.#items.flatMap((item) => this.#close(item, status));
    this.isDone = true;
    const name = standing.status === "completed" ? "response.completed" : "response.incomplete";
    return [...said, this.#event(name, { response: this.#response(standing) })];
  }

  #fail(): readonly string[] {
    const error = { code: "server_error", message: this.error ?? "The provider has failed." };
    const standing: Standing = { status: "failed", incomplete_details: null, error };
    return [this.#event("response.failed", { response: this.#response(standing) })];
  }

  #response(standing: Standing): JsonRecord {
    return responseObject(this.#asked, {
      ...standing,
      id: this.#id,
      created_at: this.#created,
      model: this.#model,
      output: this.#items.map((item) =>
        itemOf(item, item.isOpen || standing.status === "incomplete" ? "incomplete" : "completed"),
      ),
      usage: responseUsage(this.#usage),
    });
  }

  #event(type: string, members: JsonRecord): string {
    return JSON.stringify({ type, sequence_number: this.#sequence++, ...members });
  }
}

const placeOf = ({ index, of }: Item): JsonRecord => ({ item_id: of.id, output_index: index });

function itemOf({ of }: Item, status: ItemStatus): JsonRecord {
  if (of.kind === "call") return callItem(of.id, status, of);
  return messageItem(of.id, status, status === "in_progress" ? [] : [textPart(of.text)]);
}
