import type { JsonObject } from "../../plan.ts";
import type { ConfigProblem, MiddlewareDeclaration } from "../../plugin-declaration.ts";
import { PATTERNS, patternProblems, profileMembers, profilesIn, usualProfile } from "./profile-shapes.ts";

export const AI_RESPONSE_GUARD: MiddlewareDeclaration = {
  kind: "middleware",
  name: "ai-response-guard",
  phase: "transformation",
  summary: "Replaces or ends what a language model must not say, in streams too",
  config: {
    type: "object",
    additionalProperties: false,
    required: ["default_profile", "profiles"],
    properties: profileMembers({
      type: "object",
      additionalProperties: false,
      properties: {
        redact: {
          type: "array",
          maxItems: 200,
          default: [],
          description: "What is replaced in texts, in order; not in what functions are called with.",
          items: {
            type: "object",
            additionalProperties: false,
            required: ["pattern"],
            properties: {
              pattern: { type: "string", minLength: 1, maxLength: 1000 },
              replacement: { type: "string", maxLength: 1000, default: "[REDACTED]" },
            },
          },
        },
        blocked_patterns: {
          ...PATTERNS,
          default: [],
          description: "A match ends the answer, with 502, or within a stream with an error.",
        },
      },
    }),
  },
  check: (config) => [
    ...usualProfile(config),
    ...Object.entries(profilesIn(config)).flatMap(([name, one]) => problemsOf(name, one)),
  ],
};

function problemsOf(
  name: string,
  { redact = [], blocked_patterns: blocked = [] }: JsonObject,
): readonly ConfigProblem[] {
  const redacted = (redact as readonly { readonly pattern: string }[]).map(({ pattern }) => pattern);
  return [
    ...patternProblems(redacted, (index) => `/profiles/${name}/redact/${index}/pattern`),
    ...patternProblems(blocked as readonly string[], (index) => `/profiles/${name}/blocked_patterns/${index}`),
  ];
}
