import type { JsonObject } from "../../plan.ts";
import type { ConfigProblem, MiddlewareDeclaration } from "../../plugin-declaration.ts";
import { PATTERNS, patternProblems, profileMembers, profilesIn, usualProfile } from "./profile-shapes.ts";

const COUNT = { type: "integer", minimum: 1 } as const;

export const AI_PROMPT_GUARD: MiddlewareDeclaration = {
  kind: "middleware",
  name: "ai-prompt-guard",
  phase: "transformation",
  summary: "Says what may be asked of a language model, and what it is told before anything else",
  config: {
    type: "object",
    additionalProperties: false,
    required: ["default_profile", "profiles"],
    properties: {
      ...profileMembers({
        type: "object",
        additionalProperties: false,
        properties: {
          max_messages: COUNT,
          max_message_length: { ...COUNT, description: "Characters of one message." },
          blocked_patterns: {
            ...PATTERNS,
            default: [],
            description: "No message may have a match; `(?i)` at the beginning takes letters in both cases.",
          },
          allowed_patterns: {
            ...PATTERNS,
            minItems: 1,
            description: "Every message of a user must have a match of one of them.",
          },
          allowed_roles: {
            type: "array",
            minItems: 1,
            items: { enum: ["system", "developer", "user", "assistant", "tool", "function"] },
            description: "Roles that clients may use; all when it is missing.",
          },
          system_template: {
            type: "string",
            minLength: 1,
            maxLength: 100_000,
            description: "A message of the system that is put before all others; `{{name}}` stands for a variable.",
          },
          template_vars: { type: "object", additionalProperties: { type: "string" }, default: {} },
          reject_status: { type: "integer", minimum: 400, maximum: 499, default: 400 },
        },
      }),
      fail_open: { type: "boolean", default: false, description: "Whether bodies that are no chats pass." },
    },
  },
  check: (config) => [
    ...usualProfile(config),
    ...Object.entries(profilesIn(config)).flatMap(([name, one]) => problemsOf(name, one)),
  ],
};

function problemsOf(name: string, profile: JsonObject): readonly ConfigProblem[] {
  const {
    blocked_patterns: blocked = [],
    allowed_patterns: allowed = [],
    system_template: template = "",
    template_vars: vars = {},
  } = profile;
  const names = Array.from(String(template).matchAll(/\{\{\s*([A-Za-z0-9_.-]+)\s*\}\}/g), ([, one]) => one!);
  return [
    ...patternProblems(blocked as readonly string[], (index) => `/profiles/${name}/blocked_patterns/${index}`),
    ...patternProblems(allowed as readonly string[], (index) => `/profiles/${name}/allowed_patterns/${index}`),
    ...names
      .filter((one) => !Object.hasOwn(vars as JsonObject, one))
      .map((one) => ({ pointer: `/profiles/${name}/system_template`, message: `There is no variable ${one}.` })),
  ];
}
