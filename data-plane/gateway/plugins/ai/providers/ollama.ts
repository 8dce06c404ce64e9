/** Ollama's own API (`/api/chat`, streams as lines of JSON), in front of clients that speak OpenAI's. Pure. */
import type { ServerSentEvent } from "../streams/event-reader.ts";
import { ollamaRequest } from "./ollama-request.ts";
import { DONE } from "./openai.ts";
import {
  isRecord,
  type JsonRecord,
  listOf,
  NotUnderstood,
  type Provider,
  parseRecord,
  type StreamTranslator,
  secondsOf,
  tokensOf,
  type Usage,
} from "./provider.ts";

const MS_PER_S = 1000;

export const OLLAMA: Provider = {
  usualBase: "/api",
  path: "/chat",
  fields: [],
  streamType: "application/x-ndjson",
  request: ollamaRequest,
  response(text, now) {
    const answer = parseRecord(text);
    const { message, done_reason: reason } = answer;
    if (!isRecord(message)) throw new NotUnderstood("The provider's answer has no message.");
    const at = now();
    const calls = callsOf(message, at, 0);
    const { content, thinking } = message;
    return {
      text: JSON.stringify({
        ...headOf(answer, at),
        object: "chat.completion",
        choices: [
          {
            index: 0,
            message: {
              role: "assistant",
              content: typeof content === "string" && content !== "" ? content : null,
              refusal: null,
              ...(typeof thinking === "string" && thinking !== "" ? { reasoning: thinking } : {}),
              ...(calls.length === 0 ? {} : { tool_calls: calls.map(({ index: _, ...call }) => call) }),
            },
            logprobs: null,
            finish_reason: finishReason(reason, calls.length > 0),
          },
        ],
        usage: openAiUsage(usageOf(answer)),
      }),
      usage: usageOf(answer),
    };
  },
  stream: (chat, now) => new OllamaStream(chat.wantsUsage, now()),
  models: {
    path: "/tags",
    read: (text) =>
      listOf(text, "models").flatMap(({ name, modified_at: modified }) =>
        typeof name === "string" ? [{ id: name, created: secondsOf(modified) }] : [],
      ),
  },
};

/** Counts of a prompt that was in its cache are left out by some versions. */
const usageOf = ({ prompt_eval_count: prompt, eval_count: completion }: JsonRecord): Usage => ({
  prompt: tokensOf(prompt),
  completion: tokensOf(completion),
});

const openAiUsage = ({ prompt, completion }: Usage): JsonRecord => ({
  prompt_tokens: prompt,
  completion_tokens: completion,
  total_tokens: prompt + completion,
});

const finishReason = (reason: unknown, hasCalls: boolean): string =>
  hasCalls ? "tool_calls" : reason === "length" ? "length" : "stop";

/** Answers there have no name. @param at epoch milliseconds */
const headOf = ({ model }: JsonRecord, at: number): JsonRecord => ({
  id: `chatcmpl-${at}`,
  created: Math.floor(at / MS_PER_S),
  model,
});

interface Call {
  readonly index: number;
  readonly id: string;
  readonly type: "function";
  readonly function: { readonly name: string; readonly arguments: string };
}

/**
 * Calls come whole, and in older versions without ids.
 *
 * @param at when the answer began: ids of a talk's answers must differ
 * @param before how many there were already
 */
function callsOf({ tool_calls: calls }: JsonRecord, at: number, before: number): readonly Call[] {
  if (!Array.isArray(calls)) return [];
  return calls.filter(isRecord).map((call, place) => {
    const { id, function: called } = call;
    if (!isRecord(called) || typeof called.name !== "string") {
      throw new NotUnderstood("The provider calls what is no function.");
    }
    const index = before + place;
    return {
      index,
      id: typeof id === "string" && id !== "" ? id : `call_${at}_${index}`,
      type: "function",
      function: { name: called.name, arguments: JSON.stringify(called.arguments ?? {}) },
    };
  });
}

class OllamaStream implements StreamTranslator {
  readonly #wantsUsage: boolean;
  readonly #at: number;
  #hasBegun = false;
  #calls = 0;
  isDone = false;
  usage: Usage | undefined;
  characters = 0;
  error: string | undefined;

  constructor(wantsUsage: boolean, at: number) {
    this.#wantsUsage = wantsUsage;
    this.#at = at;
  }

  take({ data }: ServerSentEvent): readonly string[] {
    if (this.isDone || this.error !== undefined) return [];
    const line = parseRecord(data);
    if (line.error !== undefined && line.error !== null) return this.#fail(line.error);
    if (!isRecord(line.message) && line.done !== true) throw new NotUnderstood("The provider's line has no message.");
    const delta = this.#delta(isRecord(line.message) ? line.message : {});
    const said = Object.keys(delta).length === 0 ? [] : [this.#chunk(line, delta)];
    return line.done === true ? [...said, ...this.#stop(line)] : said;
  }

  end(): readonly string[] {
    if (this.isDone || this.error !== undefined) return [];
    throw new NotUnderstood("The provider's stream has ended before its answer has.");
  }

  #delta(message: JsonRecord): JsonRecord {
    const { content, thinking } = message;
    const delta: Record<string, unknown> = this.#hasBegun ? {} : { role: "assistant", content: "" };
    this.#hasBegun = true;
    if (typeof content === "string" && content !== "") {
      delta.content = content;
      this.characters += content.length;
    }
    if (typeof thinking === "string" && thinking !== "") {
      delta.reasoning = thinking;
      this.characters += thinking.length;
    }
    const calls = callsOf(message, this.#at, this.#calls);
    if (calls.length > 0) delta.tool_calls = calls;
    for (const call of calls) this.characters += call.function.arguments.length;
    this.#calls += calls.length;
    return delta;
  }

  #stop(line: JsonRecord): readonly string[] {
    this.isDone = true;
    this.usage = usageOf(line);
    const last = this.#chunk(line, {}, finishReason(line.done_reason, this.#calls > 0));
    if (!this.#wantsUsage) return [last, DONE];
    const counted = { ...this.#head(line), choices: [], usage: openAiUsage(this.usage) };
    return [last, JSON.stringify(counted), DONE];
  }

  #fail(error: unknown): readonly string[] {
    this.error = typeof error === "string" ? error : "The provider has failed.";
    return [JSON.stringify({ error: { message: this.error, type: "api_error", param: null, code: null } })];
  }

  #head(line: JsonRecord): JsonRecord {
    return { ...headOf(line, this.#at), object: "chat.completion.chunk" };
  }

  #chunk(line: JsonRecord, delta: JsonRecord, reason: string | null = null): string {
    const choices = [{ index: 0, delta, logprobs: null, finish_reason: reason }];
    return JSON.stringify({ ...this.#head(line), choices, ...(this.#wantsUsage ? { usage: null } : {}) });
  }
}
