/** OpenAI's Responses API itself: what it says passes under another id, and is looked into. Nothing is kept there. Pure. */

import { parseExactly } from "../../traffic/transform/exact-json.ts";
import { OPENAI } from "../providers/openai.ts";
import {
  isRecord,
  type JsonRecord,
  NotUnderstood,
  type Provider,
  parseRecord,
  type StreamTranslator,
  tokensOf,
  type Usage,
} from "../providers/provider.ts";
import type { ServerSentEvent } from "../streams/event-reader.ts";
import type { NewId } from "./response-object.ts";

export function openAiResponses(newId: NewId): Provider {
  return {
    ...OPENAI,
    path: "/responses",
    request: ({ text }, model) =>
      JSON.stringify({ ...(parseExactly(text) as Record<string, unknown>), model, store: false }),
    response(text) {
      const usage = usageOf(parseRecord(text));
      const exact = parseExactly(text) as Record<string, unknown>;
      return { text: JSON.stringify({ ...exact, id: `resp_${newId()}` }), usage };
    },
    stream: () => new OpenAiResponsesStream(`resp_${newId()}`),
  };
}

function usageOf({ usage }: JsonRecord): Usage | undefined {
  if (!isRecord(usage)) return undefined;
  return { prompt: tokensOf(usage.input_tokens), completion: tokensOf(usage.output_tokens) };
}

const LAST: ReadonlySet<unknown> = new Set(["response.completed", "response.incomplete"]);

class OpenAiResponsesStream implements StreamTranslator {
  isDone = false;
  usage: Usage | undefined;
  characters = 0;
  error: string | undefined;

  constructor(private readonly id: string) {}

  take({ data }: ServerSentEvent): readonly string[] {
    if (this.isDone || this.error !== undefined) return [];
    const { type, ...event } = parseRecord(data);
    if (typeof type !== "string") throw new NotUnderstood("The provider's event has no type.");
    if (typeof event.delta === "string") this.characters += event.delta.length;
    if (type === "error") {
      this.error = messageOf(event);
      return [JSON.stringify({ type, ...event })];
    }
    if (!isRecord(event.response)) return [JSON.stringify({ type, ...event })];
    const { response } = event;
    this.usage = usageOf(response) ?? this.usage;
    if (type === "response.failed") this.error = messageOf(response.error);
    if (LAST.has(type)) this.isDone = true;
    return [JSON.stringify({ type, ...event, response: { ...response, id: this.id } })];
  }

  end(): readonly string[] {
    if (this.isDone || this.error !== undefined) return [];
    throw new NotUnderstood("The provider's stream has ended before its answer has.");
  }
}

function messageOf(error: unknown): string {
  return isRecord(error) && typeof error.message === "string" ? error.message : "The provider has failed.";
}
