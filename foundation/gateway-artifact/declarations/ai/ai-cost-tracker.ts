import type { MiddlewareDeclaration } from "../../plugin-declaration.ts";

const USD = { type: "number", minimum: 0 } as const;

export const AI_COST_TRACKER: MiddlewareDeclaration = {
  kind: "middleware",
  name: "ai-cost-tracker",
  phase: "admission",
  summary: "Counts tokens of language models and what they cost",
  config: {
    type: "object",
    additionalProperties: false,
    required: ["prices"],
    properties: {
      prices: {
        type: "object",
        maxProperties: 1000,
        propertyNames: { pattern: "^[^/]+/.+$" },
        description: "By `provider/model`, US dollars for 1,000 tokens.",
        additionalProperties: {
          type: "object",
          additionalProperties: false,
          required: ["prompt", "completion"],
          properties: { prompt: USD, completion: USD },
        },
      },
      warn_unknown_model: {
        type: "boolean",
        default: true,
        description: "Whether a model without a price stands in the log, once.",
      },
    },
  },
};
