/** `ai-prompt-guard`: what may be asked of a language model, and what is said to it before anything else. */
import { linearPattern, type Pattern } from "#foundation/regex";
import type { Answer } from "../../../message/answer.ts";
import type { Middleware, MiddlewarePlugin } from "../../plugin.ts";
import { parseExactly } from "../../traffic/transform/exact-json.ts";
import type { JsonRecord } from "../providers/provider.ts";
import { chatProblem } from "../proxy/proxy-answers.ts";
import { messagesOf, readBody, textsOf } from "./chat-texts.ts";
import { guardPattern } from "./guard-pattern.ts";
import { type ProfilesConfig, profilesOf } from "./profiles.ts";

interface PromptProfile {
  readonly max_messages?: number;
  readonly max_message_length?: number;
  readonly blocked_patterns: readonly string[];
  readonly allowed_patterns?: readonly string[];
  readonly allowed_roles?: readonly string[];
  readonly system_template?: string;
  readonly template_vars: Readonly<Record<string, string>>;
  readonly reject_status: number;
}

interface PromptGuardConfig extends ProfilesConfig<PromptProfile> {
  readonly fail_open: boolean;
}

export const AI_PROMPT_GUARD: MiddlewarePlugin = {
  name: "ai-prompt-guard",
  setup: (config) => aiPromptGuard(config as unknown as PromptGuardConfig),
};

interface Rules {
  readonly status: number;
  readonly system: string | undefined;
  /** What is wrong with a message; undefined when nothing is. Patterns are nobody's business. */
  wrong(messages: readonly JsonRecord[]): string | undefined;
}

function aiPromptGuard(config: PromptGuardConfig): Middleware {
  const rulesOf = profilesOf(config, rules);
  return {
    readsRequestBody: true,
    onRequest(exchange): Answer | undefined {
      const { status, system, wrong } = rulesOf(exchange);
      const { body } = exchange.request;
      const chat = readBody(body.bytes);
      const messages = chat === undefined ? undefined : messagesOf(chat);
      if (messages === undefined) {
        return config.fail_open ? undefined : refused("The body is no chat with messages.", status);
      }
      const reason = wrong(messages);
      if (reason !== undefined) return refused(reason, status);
      if (system !== undefined) {
        const exact = parseExactly(Buffer.from(body.bytes!).toString("utf8")) as Record<string, unknown>;
        if (Array.isArray(exact.messages)) exact.messages.unshift({ role: "system", content: system });
        else exact.instructions = [system, exact.instructions].filter((text) => typeof text === "string").join("\n\n");
        body.replace(Buffer.from(JSON.stringify(exact)));
      }
      return undefined;
    },
  };
}

const refused = (reason: string, status: number): Answer => chatProblem("ai-prompt-guard", reason, { status });

function rules(profile: PromptProfile): Rules {
  const { max_messages: messagesMax, max_message_length: lengthMax, allowed_roles } = profile;
  const blocked = profile.blocked_patterns.map(patternOf);
  const allowed = profile.allowed_patterns?.map(patternOf);
  const roles = allowed_roles === undefined ? undefined : new Set<unknown>(allowed_roles);
  return {
    status: profile.reject_status,
    system: profile.system_template?.replace(
      /\{\{\s*([A-Za-z0-9_.-]+)\s*\}\}/g,
      (_, name: string) => profile.template_vars[name] ?? "",
    ),
    wrong(messages) {
      if (messagesMax !== undefined && messages.length > messagesMax)
        return `At most ${messagesMax} messages are allowed.`;
      for (const message of messages) {
        if (roles?.has(message.role) === false) return "A message has a role that is not allowed.";
        // As a whole too, so that nobody hides something in where one part ends.
        const texts = textsOf(message);
        const whole = texts.join("");
        if (lengthMax !== undefined && whole.length > lengthMax)
          return `A message has at most ${lengthMax} characters.`;
        const isBlocked = (text: string): boolean => blocked.some((pattern) => pattern.test(text));
        if (isBlocked(whole) || (texts.length > 1 && texts.some(isBlocked)))
          return "A message says what is not allowed.";
        if (message.role === "user" && allowed?.some((pattern) => pattern.test(whole)) === false)
          return "A message is about nothing that is allowed.";
      }
      return undefined;
    },
  };
}

const patternOf = (written: string): Pattern => linearPattern(guardPattern(written));
