import type { MiddlewareDeclaration } from "../../plugin-declaration.ts";

const MIB = 1024 * 1024;

export const REQUEST_SIZE_LIMIT: MiddlewareDeclaration = {
  kind: "middleware",
  name: "request-size-limit",
  phase: "admission",
  summary: "Refuses bodies of requests that are too large.",
  config: {
    type: "object",
    additionalProperties: false,
    properties: {
      max_bytes: {
        description: "Octets of the body as it is sent, which may be compressed.",
        type: "integer",
        minimum: 0,
        maximum: Number.MAX_SAFE_INTEGER,
        default: MIB,
      },
      check_content_length: {
        description:
          "Whether a request that announces too much is refused at once. What arrives is counted in any case.",
        type: "boolean",
        default: true,
      },
    },
  },
};
