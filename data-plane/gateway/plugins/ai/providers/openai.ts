/** OpenAI's Chat Completions, and the many servers that speak it too (vLLM, Ollama, llama.cpp …): what they say passes, and is looked into. Pure. */
import { parseExactly } from "../../traffic/transform/exact-json.ts";
import type { ServerSentEvent } from "../streams/event-reader.ts";
import {
  type ChatRequest,
  isRecord,
  type JsonRecord,
  listOf,
  NotUnderstood,
  type Provider,
  parseRecord,
  type StreamTranslator,
  tokensOf,
  type Usage,
} from "./provider.ts";

export const OPENAI: Provider = {
  usualBase: "/v1",
  path: "/chat/completions",
  fields: [],
  streamType: "text/event-stream",
  request({ text, isStream }, model) {
    // Numbers that no double holds (`seed`) stay as they are.
    const body = parseExactly(text) as Record<string, unknown>;
    const options = isRecord(body.stream_options) ? body.stream_options : {};
    return JSON.stringify({
      ...body,
      model,
      ...(isStream ? { stream_options: { ...options, include_usage: true } } : {}),
    });
  },
  response: (text) => ({ text, usage: usageOf(parseRecord(text)) }),
  stream: (chat) => new OpenAiStream(chat),
  models: {
    path: "/models",
    read: (text) =>
      listOf(text, "data").flatMap(({ id, created }) =>
        typeof id === "string" ? [{ id, created: tokensOf(created) }] : [],
      ),
  },
};

export const DONE = "[DONE]";

function usageOf({ usage }: JsonRecord): Usage | undefined {
  if (!isRecord(usage)) return undefined;
  return { prompt: tokensOf(usage.prompt_tokens), completion: tokensOf(usage.completion_tokens) };
}

class OpenAiStream implements StreamTranslator {
  readonly #wantsUsage: boolean;
  #hasFinished = false;
  isDone = false;
  usage: Usage | undefined;
  characters = 0;
  error: string | undefined;

  constructor({ wantsUsage }: ChatRequest) {
    this.#wantsUsage = wantsUsage;
  }

  take({ data }: ServerSentEvent): readonly string[] {
    if (this.isDone) return [];
    if (data === DONE) {
      this.isDone = true;
      return [DONE];
    }
    const chunk = parseRecord(data);
    if (chunk.error !== undefined && chunk.error !== null) {
      const { error } = chunk;
      this.error = isRecord(error) && typeof error.message === "string" ? error.message : "The provider has failed.";
      return [data];
    }
    this.usage = usageOf(chunk) ?? this.usage;
    const choices = Array.isArray(chunk.choices) ? chunk.choices : [];
    for (const choice of choices) if (isRecord(choice)) this.#look(choice);
    // Asked for by us alone.
    if (choices.length === 0 && isRecord(chunk.usage) && !this.#wantsUsage) return [];
    return [data.includes("\n") ? JSON.stringify(chunk) : data];
  }

  /** Some servers say nothing after the last piece. */
  end(): readonly string[] {
    if (this.isDone) return [];
    if (!this.#hasFinished) throw new NotUnderstood("The provider's stream has ended before its answer has.");
    this.isDone = true;
    return [DONE];
  }

  #look({ delta, finish_reason: reason }: JsonRecord): void {
    if (typeof reason === "string") this.#hasFinished = true;
    if (!isRecord(delta)) return;
    if (typeof delta.content === "string") this.characters += delta.content.length;
    if (!Array.isArray(delta.tool_calls)) return;
    for (const call of delta.tool_calls) {
      if (isRecord(call) && isRecord(call.function) && typeof call.function.arguments === "string") {
        this.characters += call.function.arguments.length;
      }
    }
  }
}
