/** The Responses API in front of providers that have chats only: asked as a chat, answered as a response. Pure. */
import { type Provider, parseRecord } from "../providers/provider.ts";
import { type NewId, responseOfCompletion } from "./response-object.ts";
import { chatOfResponses, lostInTranslation } from "./responses-request.ts";
import { ResponsesStream } from "./responses-stream.ts";

const MS_PER_S = 1000;

export function overChat(provider: Provider, newId: NewId): Provider {
  return {
    ...provider,
    request: (asked, model) => provider.request(chatOfResponses(asked), model),
    response(text, now, asked) {
      const { text: completion, usage } = provider.response(text, now, asked);
      return { text: JSON.stringify(responseOfCompletion(asked.body, parseRecord(completion), newId)), usage };
    },
    stream(asked, now) {
      const chat = provider.stream({ ...asked, wantsUsage: true }, now);
      return new ResponsesStream(chat, asked.body, Math.floor(now() / MS_PER_S), newId);
    },
    warnings: ({ body }) => lostInTranslation(body),
  };
}
