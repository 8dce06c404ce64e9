/** What a client asks for. Pure. */
import type { Answer } from "../../../message/answer.ts";
import { type ChatRequest, isRecord } from "../providers/provider.ts";
import { chatProblem } from "./proxy-answers.ts";

/** Longer ones are nobody's name of a model. */
const MODEL_MAX = 256;

export type AskedFor =
  | { readonly chat: ChatRequest; readonly model: string; readonly refused?: undefined }
  | { readonly refused: Answer };

export function readChatRequest(bytes: Uint8Array): AskedFor {
  const text = Buffer.from(bytes).toString("utf8");
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = undefined;
  }
  if (!isRecord(body)) return wrong("The body must be a JSON object.");
  const { model, stream = false, stream_options: options } = body;
  if (typeof model !== "string" || model === "") {
    return { refused: chatProblem("model-required", "The body must name a model.", { param: "model" }) };
  }
  if (model.length > MODEL_MAX) return wrong("The model's name is too long.", "model");
  if (typeof stream !== "boolean" && stream !== null) return wrong("stream must be true or false.", "stream");
  const isStream = stream === true;
  return {
    chat: { body, text, isStream, wantsUsage: isStream && isRecord(options) && options.include_usage === true },
    model,
  };
}

function wrong(message: string, param?: string): AskedFor {
  return { refused: chatProblem("bad-request", message, param === undefined ? {} : { param }) };
}
