import type { MiddlewareDeclaration } from "../../plugin-declaration.ts";
import { FIELD_NAME } from "./shapes.ts";

export const CORRELATION_ID: MiddlewareDeclaration = {
  kind: "middleware",
  name: "correlation-id",
  phase: "admission",
  summary: "Gives every request an id that goes upstream and back to the client.",
  config: {
    type: "object",
    additionalProperties: false,
    properties: {
      header_name: { ...FIELD_NAME, default: "x-correlation-id" },
      generate_if_missing: { type: "boolean", default: true },
      trust_incoming: {
        description: "Whether an id that the client sends is used. One that is not usable as an id is never used.",
        type: "boolean",
        default: true,
      },
      include_in_response: { type: "boolean", default: true },
    },
  },
};
