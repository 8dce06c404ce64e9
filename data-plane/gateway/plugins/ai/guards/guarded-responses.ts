/** Answers of OpenAI's Responses API, whole or event by event, with rules over their texts. Pure. */
import { isRecord, type JsonRecord } from "../providers/provider.ts";
import type { GuardedText, TextRules } from "./guarded-text.ts";

/** Members that are said to people, wherever they are. */
const TEXTS: ReadonlySet<string> = new Set(["text", "refusal"]);
/** Members that functions and tools are called with: nothing is replaced in them. */
const CALLS: ReadonlySet<string> = new Set(["arguments", "input", "code"]);
/** What a delta may be added to without anything being replaced. */
const CALL_DELTA = /arguments|input|code/;

/** Answers and events of that API are known by these members. */
export const isResponse = (answer: JsonRecord): boolean => Array.isArray(answer.output);
export const isResponseEvent = (event: JsonRecord): boolean => typeof event.type === "string";

export class GuardedResponses {
  readonly #rules: TextRules;
  /** By what a delta is added to. */
  readonly #texts = new Map<string, { readonly text: GuardedText; readonly last: JsonRecord }>();
  #sequence = 0;
  isBlocked = false;
  redactions = 0;

  constructor(rules: TextRules) {
    this.#rules = rules;
  }

  /** @returns the whole answer, changed; meaningless when it is blocked */
  whole(response: JsonRecord): JsonRecord {
    return { ...response, output: this.#deep(response.output) };
  }

  /** @returns what may pass now, in order, counted anew */
  events(event: JsonRecord): readonly JsonRecord[] {
    const said = typeof event.delta === "string" ? this.#delta(event, event.delta) : this.#other(event);
    return said.map((one) => ({ ...one, ...("sequence_number" in one ? { sequence_number: this.#sequence++ } : {}) }));
  }

  #delta(event: JsonRecord, delta: string): readonly JsonRecord[] {
    const key = keyOf(event, /\.delta$/);
    const text = this.#texts.get(key)?.text ?? this.#rules.begin(!CALL_DELTA.test(String(event.type)));
    const { logprobs, ...last } = event;
    // They say the text once more, token by token.
    const changed = logprobs === undefined ? last : { ...last, logprobs: [] };
    this.#texts.set(key, { text, last: changed });
    const passed = text.push(delta);
    this.#note(text);
    return passed === "" ? [] : [{ ...changed, delta: passed }];
  }

  #other(event: JsonRecord): readonly JsonRecord[] {
    const { response, ...rest } = event;
    const changed = this.#deep(rest) as JsonRecord;
    const whole = isRecord(response) ? { response: this.whole(response) } : {};
    return [...this.#flush(keyOf(event, /\.done$/)), { ...changed, ...whole }];
  }

  /** A text is finished: what was held back of it goes before the event that says so. */
  #flush(key: string): readonly JsonRecord[] {
    const held = this.#texts.get(key);
    if (held === undefined) return [];
    this.#texts.delete(key);
    const rest = held.text.end();
    this.#note(held.text);
    this.redactions += held.text.redactions;
    return rest === "" ? [] : [{ ...held.last, delta: rest }];
  }

  #deep(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((one: unknown) => this.#deep(one));
    if (!isRecord(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, this.#member(name, member)]));
  }

  #member(name: string, member: unknown): unknown {
    if (name === "logprobs" && Array.isArray(member)) return [];
    if (typeof member !== "string") return this.#deep(member);
    if (TEXTS.has(name)) return this.#string(member, true);
    return CALLS.has(name) ? this.#string(member, false) : member;
  }

  #string(whole: string, redacts: boolean): string {
    const text = this.#rules.begin(redacts);
    const passed = text.push(whole) + text.end();
    this.#note(text);
    this.redactions += text.redactions;
    return passed;
  }

  #note({ isBlocked }: GuardedText): void {
    if (isBlocked) this.isBlocked = true;
  }
}

function keyOf({ type, item_id, output_index, content_index, summary_index }: JsonRecord, end: RegExp): string {
  return JSON.stringify([String(type).replace(end, ""), item_id, output_index, content_index, summary_index]);
}
