import type { MiddlewareDeclaration } from "../../plugin-declaration.ts";
import { BODY_RULES, framingFields, HEADER_RULES } from "./transform-shapes.ts";

export const RESPONSE_TRANSFORMER: MiddlewareDeclaration = {
  kind: "middleware",
  name: "response-transformer",
  phase: "transformation",
  summary: "Changes status, header fields and JSON body of responses.",
  config: {
    type: "object",
    additionalProperties: false,
    properties: {
      status: {
        description: "The status to give, by the one that the upstream gives.",
        type: "object",
        propertyNames: { pattern: "^[2-5][0-9]{2}$" },
        additionalProperties: { type: "integer", minimum: 200, maximum: 599 },
        default: {},
      },
      headers: HEADER_RULES,
      body: BODY_RULES,
    },
  },
  check: framingFields,
};
