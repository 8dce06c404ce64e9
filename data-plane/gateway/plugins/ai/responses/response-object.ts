/** A response of OpenAI's Responses API, and what it consists of. Pure. */
import { isRecord, type JsonRecord, NotUnderstood, tokensOf } from "../providers/provider.ts";

/** Makes what comes after the prefix of an id; never the same twice. */
export type NewId = () => string;

/** How a response stands. */
export interface Standing {
  readonly status: "in_progress" | "completed" | "incomplete" | "failed";
  readonly incomplete_details: JsonRecord | null;
  readonly error: JsonRecord | null;
}

export const IN_PROGRESS: Standing = { status: "in_progress", incomplete_details: null, error: null };

/** @param reason why a chat completion has ended */
export function standingOf(reason: unknown): Standing {
  const incomplete = (why: string): Standing => ({
    status: "incomplete",
    incomplete_details: { reason: why },
    error: null,
  });
  if (reason === "length") return incomplete("max_output_tokens");
  if (reason === "content_filter") return incomplete("content_filter");
  return { status: "completed", incomplete_details: null, error: null };
}

export interface ResponseParts extends Standing {
  readonly id: string;
  /** Seconds since 1970. */
  readonly created_at: number;
  readonly model: unknown;
  readonly output: readonly JsonRecord[];
  readonly usage: JsonRecord | null;
}

/** What was asked for is said again, as OpenAI does it. @param asked the request */
export function responseObject(asked: JsonRecord, parts: ResponseParts): JsonRecord {
  return {
    id: parts.id,
    object: "response",
    created_at: parts.created_at,
    status: parts.status,
    background: false,
    error: parts.error,
    incomplete_details: parts.incomplete_details,
    instructions: asked.instructions ?? null,
    max_output_tokens: asked.max_output_tokens ?? null,
    model: parts.model,
    output: parts.output,
    parallel_tool_calls: asked.parallel_tool_calls ?? true,
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    store: false,
    temperature: asked.temperature ?? null,
    text: asked.text ?? { format: { type: "text" } },
    tool_choice: asked.tool_choice ?? "auto",
    tools: asked.tools ?? [],
    top_p: asked.top_p ?? null,
    truncation: "disabled",
    usage: parts.usage,
    user: asked.user ?? null,
    metadata: asked.metadata ?? {},
  };
}

/** @param usage of a chat completion */
export function responseUsage(usage: unknown): JsonRecord | null {
  if (!isRecord(usage)) return null;
  const { prompt_tokens_details: prompt, completion_tokens_details: completion } = usage;
  const input = tokensOf(usage.prompt_tokens);
  const output = tokensOf(usage.completion_tokens);
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: tokensOf(isRecord(prompt) ? prompt.cached_tokens : 0) },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: tokensOf(isRecord(completion) ? completion.reasoning_tokens : 0) },
    total_tokens: input + output,
  };
}

export type ItemStatus = "in_progress" | "completed" | "incomplete";

export const textPart = (text: string): JsonRecord => ({ type: "output_text", text, annotations: [], logprobs: [] });

export function messageItem(id: string, status: ItemStatus, content: readonly JsonRecord[]): JsonRecord {
  return { id, type: "message", status, role: "assistant", content };
}

export interface CalledFunction {
  readonly callId: unknown;
  readonly name: unknown;
  readonly arguments: string;
}

export function callItem(id: string, status: ItemStatus, called: CalledFunction): JsonRecord {
  const { callId: call_id, name, arguments: text } = called;
  return { id, type: "function_call", status, call_id, name, arguments: text };
}

/** @param completion of a chat, whole @throws NotUnderstood */
export function responseOfCompletion(asked: JsonRecord, completion: JsonRecord, newId: NewId): JsonRecord {
  const choice: unknown = Array.isArray(completion.choices) ? completion.choices[0] : undefined;
  if (!isRecord(choice) || !isRecord(choice.message)) throw new NotUnderstood("The provider's answer has no message.");
  const { content, refusal, tool_calls: calls } = choice.message;
  const parts: readonly JsonRecord[] = [
    ...(typeof content === "string" && content !== "" ? [textPart(content)] : []),
    ...(typeof refusal === "string" && refusal !== "" ? [{ type: "refusal", refusal }] : []),
  ];
  const called = (Array.isArray(calls) ? calls : []).map((call: unknown) => {
    if (!isRecord(call) || !isRecord(call.function)) throw new NotUnderstood("The provider calls what is no function.");
    const { name, arguments: text } = call.function;
    return callItem(`fc_${newId()}`, "completed", { callId: call.id, name, arguments: String(text ?? "") });
  });
  const standing = standingOf(choice.finish_reason);
  const said = standing.status === "completed" ? "completed" : "incomplete";
  return responseObject(asked, {
    ...standing,
    id: `resp_${newId()}`,
    created_at: tokensOf(completion.created),
    model: completion.model ?? asked.model,
    output: [...(parts.length === 0 ? [] : [messageItem(`msg_${newId()}`, said, parts)]), ...called],
    usage: responseUsage(completion.usage),
  });
}
