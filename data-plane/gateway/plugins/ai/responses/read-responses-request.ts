/** What a client of the Responses API asks for. Nothing is kept here, nor at a provider: every request says all. Pure. */

import type { JsonRecord } from "../providers/provider.ts";
import { chatProblem } from "../proxy/proxy-answers.ts";
import { type AskedFor, readChatRequest } from "../proxy/read-chat-request.ts";

export function readResponsesRequest(bytes: Uint8Array): AskedFor {
  const asked = readChatRequest(bytes);
  if (asked.refused !== undefined) return asked;
  const { body } = asked.chat;
  for (const param of ["previous_response_id", "conversation"]) {
    if ((body[param] ?? null) === null) continue;
    const message = `${param} is not supported: nothing is kept. Send everything that was said as input.`;
    return { refused: chatProblem("previous-response-id-not-supported", message, { param }) };
  }
  if ((body.background ?? false) !== false) {
    const message = "background is not supported: nothing is kept.";
    return { refused: chatProblem("bad-request", message, { param: "background" }) };
  }
  return asked;
}

/** `store` is true at OpenAI when it is missing. */
export const storeWarnings = ({ store }: JsonRecord): readonly string[] =>
  store === false ? [] : ["store was taken as false: nothing is kept"];
