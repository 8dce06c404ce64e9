import { CelSyntaxError, compileCel } from "#foundation/cel";
import type { MiddlewareDeclaration } from "../../plugin-declaration.ts";
import { CEL_VARIABLES } from "../cel-variables.ts";

const BODY = /\brequest\s*\.\s*body(_json)?\b/;

export const CEL: MiddlewareDeclaration = {
  name: "cel",
  kind: "middleware",
  phase: "admission",
  summary: "Lets in by an expression (Common Expression Language)",
  config: {
    type: "object",
    additionalProperties: false,
    required: ["expression"],
    properties: {
      expression: { type: "string", minLength: 1, description: `Over ${CEL_VARIABLES.join(", ")}.` },
      deny_message: { type: "string" },
      on_match: {
        type: "object",
        additionalProperties: false,
        description: "What follows from true, in the place of: false is refused.",
        properties: {
          set_context: { type: "object", additionalProperties: { type: "string" } },
          deny: {
            type: "object",
            additionalProperties: false,
            required: ["code"],
            properties: {
              status: { type: "integer", minimum: 400, maximum: 499, default: 403 },
              code: { type: "string", pattern: "^[a-z][a-z0-9_]*$" },
              message: { type: "string" },
            },
          },
        },
      },
    },
  },
  check: ({ expression }) => {
    try {
      compileCel(String(expression), { variables: CEL_VARIABLES });
      return [];
    } catch (error) {
      if (!(error instanceof CelSyntaxError)) throw error;
      const message = BODY.test(String(expression))
        ? "The expression cannot use bodies: nobody has read them when it is decided who may come in."
        : `The expression cannot be used: ${error.message}`;
      return [{ pointer: "/expression", message }];
    }
  },
};
