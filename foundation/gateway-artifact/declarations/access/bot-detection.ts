import { UnusablePattern } from "#foundation/regex";
import type { JsonValue } from "../../plan.ts";
import type { ConfigProblem, MiddlewareDeclaration } from "../../plugin-declaration.ts";
import { agentPattern } from "./agent-pattern.ts";

const PATTERNS = { type: "array", items: { type: "string", minLength: 1 }, default: [] } as const;

export const BOT_DETECTION: MiddlewareDeclaration = {
  name: "bot-detection",
  kind: "middleware",
  phase: "admission",
  summary: "Refuses clients by what they call themselves (User-Agent)",
  config: {
    type: "object",
    additionalProperties: false,
    properties: {
      deny: {
        ...PATTERNS,
        description:
          "Regular expressions, matched anywhere in the field and without regard to case, of clients that are refused.",
      },
      allow: { ...PATTERNS, description: "Likewise, of clients that are let in whatever deny says." },
      block_empty_ua: { type: "boolean", default: false, description: "Whether clients that say nothing are refused." },
      message: { type: "string" },
      status: { type: "integer", minimum: 400, maximum: 499, default: 403 },
    },
  },
  check: ({ allow, deny }) => [...patternProblems(allow, "/allow"), ...patternProblems(deny, "/deny")],
};

function patternProblems(patterns: JsonValue | undefined, pointer: string): readonly ConfigProblem[] {
  if (!Array.isArray(patterns)) return [];
  return patterns.flatMap((one: JsonValue, index) => {
    try {
      agentPattern(String(one));
      return [];
    } catch (error) {
      if (!(error instanceof UnusablePattern)) throw error;
      return [{ pointer: `${pointer}/${index}`, message: `The pattern cannot be used: ${error.message}` }];
    }
  });
}
