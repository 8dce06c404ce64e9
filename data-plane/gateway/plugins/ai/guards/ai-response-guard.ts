/** `ai-response-guard`: what a language model may say. Whole answers and streams are held to the same rules. */
import { BodyBroken, BodyTooLarge, MessageBody } from "#foundation/http1";
import type { Counter } from "#foundation/telemetry";
import type { Answer } from "../../../message/answer.ts";
import type { Middleware, MiddlewarePlugin, PluginHost } from "../../plugin.ts";
import { chatProblem } from "../proxy/proxy-answers.ts";
import { readBody } from "./chat-texts.ts";
import { GuardedChat } from "./guarded-chat.ts";
import { GuardedResponses, isResponse } from "./guarded-responses.ts";
import { GuardedStream, type GuardOutcome } from "./guarded-stream.ts";
import { type ResponseProfile, TextRules } from "./guarded-text.ts";
import { type ProfilesConfig, profilesOf } from "./profiles.ts";

/** Of an answer that is no stream. */
const ANSWER_BYTES_MAX = 8 * 1024 * 1024;

export const AI_RESPONSE_GUARD: MiddlewarePlugin = {
  name: "ai-response-guard",
  setup: (config, host) => aiResponseGuard(config as unknown as ProfilesConfig<ResponseProfile>, host),
};

function aiResponseGuard(config: ProfilesConfig<ResponseProfile>, host: PluginHost): Middleware {
  const rulesOf = profilesOf(config, (profile) => new TextRules(profile));
  const note = outcomes(host);
  return {
    onRequest({ request: { headers } }) {
      // Nobody can look into what is compressed.
      headers.set("Accept-Encoding", "identity");
      return undefined;
    },
    onResponse(exchange, answer) {
      const { status, body, headers } = answer;
      // Errors are no answers of a model.
      if (status < 200 || status > 299 || body === null) return undefined;
      const type = (headers.get("content-type") ?? "").split(";", 1)[0]!.trim().toLowerCase();
      const rules = rulesOf(exchange);
      if (headers.has("content-encoding")) {
        block(answer, note);
        return undefined;
      }
      if (type === "text/event-stream") {
        answer.body = new GuardedStream(body instanceof Uint8Array ? pieceOf(body) : body, rules, note);
        answer.length = undefined;
        return undefined;
      }
      if (!(body instanceof Uint8Array)) return gathered(body).then((bytes) => guardWhole(answer, bytes, rules, note));
      guardWhole(answer, body, rules, note);
      return undefined;
    },
  };
}

type Note = (outcome: GuardOutcome) => void;

function guardWhole(answer: Answer, bytes: Uint8Array | undefined, rules: TextRules, note: Note): void {
  const said = readBody(bytes);
  const chat = said !== undefined && isResponse(said) ? new GuardedResponses(rules) : new GuardedChat(rules);
  const changed = said && chat.whole(said);
  // What is no JSON object is no answer of a model that anybody here understands.
  if (changed === undefined || chat.isBlocked) {
    block(answer, note);
    return;
  }
  note(chat.redactions > 0 ? "redacted" : "passed");
  answer.body = Buffer.from(JSON.stringify(changed));
  answer.length = undefined;
}

function block(answer: Answer, note: Note): void {
  note("blocked");
  if (answer.body instanceof MessageBody && !answer.body.isRead) answer.body.drop();
  Object.assign(answer, chatProblem("ai-response-blocked", "The response is not allowed."), { length: undefined });
}

/** @returns undefined when it is too long, or breaks off */
async function gathered(body: MessageBody | AsyncIterable<Uint8Array>): Promise<Uint8Array | undefined> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const piece of body) {
      length += piece.length;
      if (length > ANSWER_BYTES_MAX) return undefined;
      pieces.push(new Uint8Array(piece));
    }
  } catch (error) {
    if (error instanceof BodyBroken || error instanceof BodyTooLarge) return undefined;
    throw error;
  }
  return Buffer.concat(pieces);
}

async function* pieceOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function outcomes({ metrics }: PluginHost): Note {
  const family = metrics.counter({
    name: "biplane_gateway_ai_guarded_responses_total",
    help: "Answers of language models by what the rules have done to them.",
    labels: ["outcome"],
  });
  const counters = new Map<GuardOutcome, Counter>();
  return (outcome) => {
    let counter = counters.get(outcome);
    if (counter === undefined) {
      counter = family.labels(outcome);
      counters.set(outcome, counter);
    }
    counter.inc();
  };
}
