import type { DispatcherDeclaration } from "../../plugin-declaration.ts";
import { SERVER_URL } from "./shapes.ts";

export const LAMBDA: DispatcherDeclaration = {
  name: "lambda",
  kind: "dispatcher",
  summary: "Passes requests on to the URL of a function",
  urls: ["url"],
  config: {
    type: "object",
    additionalProperties: false,
    required: ["url"],
    properties: {
      url: { ...SERVER_URL, description: "The function's own; it is asked without a signature." },
      timeout: { type: "number", minimum: 1, maximum: 900, default: 30, description: "Seconds until its response." },
      pass_through_headers: {
        type: "boolean",
        default: true,
        description: "Whether the function sees the client's fields; Content-Type it sees always.",
      },
    },
  },
};
