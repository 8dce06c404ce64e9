/** Anthropic's Messages API, in front of clients that speak OpenAI's. Pure. */
import { anthropicRequest } from "./anthropic-request.ts";
import { AnthropicStream } from "./anthropic-stream.ts";
import { anthropicUsage, finishReason, openAiUsage } from "./anthropic-words.ts";
import { isRecord, type JsonRecord, listOf, NotUnderstood, type Provider, parseRecord, secondsOf } from "./provider.ts";

const MS_PER_S = 1000;

/** @param usualMaxTokens for requests that say nothing of it */
export function anthropic(usualMaxTokens?: number): Provider {
  return {
    usualBase: "/v1",
    path: "/messages",
    streamType: "text/event-stream",
    fields: ["anthropic-version", "2023-06-01"],
    request: (chat, model) => anthropicRequest(chat, model, usualMaxTokens),
    response(text, now) {
      const message = parseRecord(text);
      const usage = isRecord(message.usage) ? message.usage : undefined;
      return {
        text: JSON.stringify(completionOf(message, Math.floor(now() / MS_PER_S))),
        usage: usage === undefined ? undefined : anthropicUsage(usage),
      };
    },
    stream: (chat, now) => new AnthropicStream(chat.wantsUsage, Math.floor(now() / MS_PER_S)),
    models: {
      // As many as there can be on one page: there are some dozens.
      path: "/models?limit=1000",
      read: (text) =>
        listOf(text, "data").flatMap(({ id, created_at: created }) =>
          typeof id === "string" ? [{ id, created: secondsOf(created) }] : [],
        ),
    },
  };
}

function completionOf(message: JsonRecord, created: number): JsonRecord {
  if (!Array.isArray(message.content)) throw new NotUnderstood("The provider's message has no content.");
  const blocks = message.content.filter(isRecord);
  const said = blocks.flatMap(({ type, text }) => (type === "text" && typeof text === "string" ? [text] : []));
  const calls = blocks.flatMap(({ type, id, name, input }) =>
    type === "tool_use" ? [{ id, type: "function", function: { name, arguments: JSON.stringify(input ?? {}) } }] : [],
  );
  return {
    id: message.id,
    object: "chat.completion",
    created,
    model: message.model,
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content: said.length === 0 ? null : said.join(""),
          refusal: null,
          ...(calls.length === 0 ? {} : { tool_calls: calls }),
        },
        logprobs: null,
        finish_reason: finishReason(message.stop_reason),
      },
    ],
    ...(isRecord(message.usage) ? { usage: openAiUsage(message.usage) } : {}),
  };
}
