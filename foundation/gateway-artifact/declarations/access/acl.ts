import type { MiddlewareDeclaration } from "../../plugin-declaration.ts";
import { TEXTS } from "./shapes.ts";

export const ACL: MiddlewareDeclaration = {
  name: "acl",
  kind: "middleware",
  phase: "admission",
  summary: "Lets in by name and group of who was verified before",
  config: {
    type: "object",
    additionalProperties: false,
    properties: {
      allow: TEXTS,
      deny: TEXTS,
      allow_consumers: TEXTS,
      deny_consumers: TEXTS,
      consumer_groups: {
        type: "object",
        default: {},
        additionalProperties: { type: "array", items: { type: "string" } },
        description: "Further groups of consumers.",
      },
      message: { type: "string" },
      hide_consumer_in_errors: {
        type: "boolean",
        default: true,
        description: "Whether a refusal does not say who it was that was verified.",
      },
    },
  },
};
