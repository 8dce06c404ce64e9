/** Answers of OpenAI's Chat Completions, whole or chunk by chunk, with rules over their texts. Pure. */
import { isRecord, type JsonRecord } from "../providers/provider.ts";
import type { GuardedText, TextRules } from "./guarded-text.ts";

/** Members of a message, or of what is added to one, that are texts. */
const TEXTS = ["content", "refusal", "reasoning_content", "reasoning"] as const;

type Writable = Record<string, unknown>;

export class GuardedChat {
  readonly #rules: TextRules;
  /** By choice, then by what it belongs to. */
  readonly #texts = new Map<unknown, Map<string, GuardedText>>();
  #last: JsonRecord | undefined;
  isBlocked = false;
  redactions = 0;

  constructor(rules: TextRules) {
    this.#rules = rules;
  }

  /** @returns the whole answer, changed; meaningless when it is blocked */
  whole(answer: JsonRecord): JsonRecord {
    const choices = Array.isArray(answer.choices)
      ? answer.choices.map((one) => this.#choice(one, "message", true))
      : answer.choices;
    return { ...answer, ...(choices === undefined ? {} : { choices }) };
  }

  /** @returns a chunk with what may pass now */
  chunk(chunk: JsonRecord): JsonRecord {
    if (!Array.isArray(chunk.choices)) return chunk;
    this.#last = chunk;
    return { ...chunk, choices: chunk.choices.map((one) => this.#choice(one, "delta", false)) };
  }

  /** The stream has ended. @returns a further chunk, when something was held back that nothing has let go */
  end(): JsonRecord | undefined {
    const choices = Array.from(this.#texts.keys(), (index) => {
      const delta: Writable = {};
      this.#flush(index, delta);
      return { index, delta, finish_reason: null };
    }).filter(({ delta }) => Object.keys(delta).length > 0);
    if (choices.length === 0) return undefined;
    const { usage: _, ...head } = this.#last ?? {};
    return { ...head, choices };
  }

  #choice(choice: unknown, member: "message" | "delta", isWhole: boolean): unknown {
    if (!isRecord(choice)) return choice;
    const changed: Writable = { ...choice };
    // They say the text once more, token by token.
    if (isRecord(choice.logprobs)) changed.logprobs = null;
    const delta: Writable = isRecord(choice[member]) ? { ...choice[member] } : {};
    this.#message(choice.index, delta);
    if (isWhole || typeof choice.finish_reason === "string") this.#flush(choice.index, delta);
    if (isRecord(choice[member]) || Object.keys(delta).length > 0) changed[member] = delta;
    return changed;
  }

  #message(choice: unknown, delta: Writable): void {
    for (const name of TEXTS) {
      const value = delta[name];
      if (typeof value === "string") delta[name] = this.#pass(choice, name, value, true);
      // Some servers answer in parts.
      else if (Array.isArray(value)) delta[name] = value.map((part: unknown) => this.#part(part));
    }
    if (Array.isArray(delta.tool_calls)) {
      delta.tool_calls = delta.tool_calls.map((call: unknown, at) => this.#call(choice, call, at));
    }
    if (isRecord(delta.function_call))
      delta.function_call = this.#arguments(choice, "function_call", delta.function_call);
  }

  #part(part: unknown): unknown {
    if (!isRecord(part) || typeof part.text !== "string") return part;
    // Each by itself: nobody could say into which of them held back text belongs.
    const text = this.#rules.begin(true);
    const passed = text.push(part.text) + text.end();
    this.#note(text);
    this.redactions += text.redactions;
    return { ...part, text: passed };
  }

  #call(choice: unknown, call: unknown, at: number): unknown {
    if (!isRecord(call) || !isRecord(call.function)) return call;
    return { ...call, function: this.#arguments(choice, `tool ${call.index ?? at}`, call.function) };
  }

  #arguments(choice: unknown, name: string, called: JsonRecord): JsonRecord {
    if (typeof called.arguments !== "string") return called;
    return { ...called, arguments: this.#pass(choice, name, called.arguments, false) };
  }

  #pass(choice: unknown, name: string, text: string, redacts: boolean): string {
    let texts = this.#texts.get(choice);
    if (texts === undefined) {
      texts = new Map();
      this.#texts.set(choice, texts);
    }
    let guarded = texts.get(name);
    if (guarded === undefined) {
      guarded = this.#rules.begin(redacts);
      texts.set(name, guarded);
    }
    const passed = guarded.push(text);
    this.#note(guarded);
    return passed;
  }

  #note({ isBlocked }: GuardedText): void {
    if (isBlocked) this.isBlocked = true;
  }

  /** A choice is finished: what is held back for it goes with its last piece. */
  #flush(choice: unknown, delta: Writable): void {
    for (const [name, text] of this.#texts.get(choice) ?? []) {
      const rest = text.end();
      this.#note(text);
      this.redactions += text.redactions;
      if (rest === "") continue;
      if (name.startsWith("tool ")) addToCall(delta, Number(name.slice("tool ".length)), rest);
      else if (name === "function_call") addToFunction(delta, rest);
      else delta[name] = `${typeof delta[name] === "string" ? delta[name] : ""}${rest}`;
    }
    this.#texts.delete(choice);
  }
}

function addToCall(delta: Writable, index: number, rest: string): void {
  const calls: readonly unknown[] = Array.isArray(delta.tool_calls) ? delta.tool_calls : [];
  const at = calls.findIndex((call, place) => isRecord(call) && (call.index ?? place) === index);
  if (at === -1) {
    delta.tool_calls = [...calls, { index, function: { arguments: rest } }];
    return;
  }
  const call = calls[at] as JsonRecord;
  const called = call.function as JsonRecord;
  const whole = { ...call, function: { ...called, arguments: `${called.arguments}${rest}` } };
  delta.tool_calls = calls.map((one, place) => (place === at ? whole : one));
}

function addToFunction(delta: Writable, rest: string): void {
  const called = isRecord(delta.function_call) ? delta.function_call : {};
  delta.function_call = {
    ...called,
    arguments: `${typeof called.arguments === "string" ? called.arguments : ""}${rest}`,
  };
}
