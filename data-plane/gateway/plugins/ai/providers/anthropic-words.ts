/** Words that whole answers and streams have in common. Pure. */
import { type JsonRecord, tokensOf, type Usage } from "./provider.ts";

const FINISHED: ReadonlyMap<unknown, string> = new Map([
  ["end_turn", "stop"],
  ["stop_sequence", "stop"],
  ["pause_turn", "stop"],
  ["max_tokens", "length"],
  ["model_context_window_exceeded", "length"],
  ["tool_use", "tool_calls"],
  ["refusal", "content_filter"],
]);

export function finishReason(stopReason: unknown): string {
  return FINISHED.get(stopReason) ?? "stop";
}

/** What was read from a cache, or written into one, is counted apart there, and is a part of the prompt here. */
export function anthropicUsage(usage: JsonRecord): Usage {
  const prompt =
    tokensOf(usage.input_tokens) +
    tokensOf(usage.cache_creation_input_tokens) +
    tokensOf(usage.cache_read_input_tokens);
  return { prompt, completion: tokensOf(usage.output_tokens) };
}

export function openAiUsage(usage: JsonRecord): JsonRecord {
  const { prompt, completion } = anthropicUsage(usage);
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: tokensOf(usage.cache_read_input_tokens) },
  };
}
