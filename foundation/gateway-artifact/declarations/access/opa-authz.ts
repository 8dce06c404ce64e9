import type { MiddlewareDeclaration } from "../../plugin-declaration.ts";
import { SERVER_URL, TIMEOUT } from "./shapes.ts";

export const OPA_AUTHZ: MiddlewareDeclaration = {
  name: "opa-authz",
  kind: "middleware",
  phase: "admission",
  summary: "Lets in what an Open Policy Agent allows",
  urls: ["opa_url"],
  config: {
    type: "object",
    additionalProperties: false,
    required: ["opa_url"],
    properties: {
      opa_url: {
        ...SERVER_URL,
        description:
          "A rule of the agent's Data API: https://opa.example/v1/data/shop/allow, true or an object whose allow is true.",
      },
      timeout: TIMEOUT,
      include_body: { type: "boolean", default: false },
      include_claims: {
        type: "boolean",
        default: true,
        description: "Whether the agent is told all claims of a token.",
      },
      deny_message: { type: "string" },
    },
  },
  check: ({ include_body }) =>
    include_body === true
      ? [
          {
            pointer: "/include_body",
            message: "Bodies cannot be included: nobody has read them when it is decided who may come in.",
          },
        ]
      : [],
};
