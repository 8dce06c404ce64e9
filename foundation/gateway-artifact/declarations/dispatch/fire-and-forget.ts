import type { DispatcherDeclaration } from "../../plugin-declaration.ts";
import { notToBeSet } from "./own-fields.ts";
import { PATH_TEMPLATE, SERVER_URL } from "./shapes.ts";

export const FIRE_AND_FORGET: DispatcherDeclaration = {
  name: "fire-and-forget",
  kind: "dispatcher",
  summary: "Answers at once, and sends the request to another server in the background",
  urls: ["url"],
  config: {
    type: "object",
    additionalProperties: false,
    required: ["url"],
    properties: {
      url: {
        ...SERVER_URL,
        description: "Address of the server; a path in it stands before the path of the request.",
      },
      path: PATH_TEMPLATE,
      timeout_ms: {
        type: "integer",
        minimum: 1,
        maximum: 900_000,
        default: 5000,
        description: "Milliseconds for all of the request; then it is lost.",
      },
      max_in_flight: {
        type: "integer",
        minimum: 1,
        maximum: 100_000,
        default: 1000,
        description: "Requests that are on their way at a time; one more is answered 503 and not sent.",
      },
      response: {
        type: "object",
        additionalProperties: false,
        default: {},
        properties: {
          status: { type: "integer", minimum: 200, maximum: 599, default: 202 },
          headers: {
            type: "object",
            default: {},
            additionalProperties: { type: "string", pattern: "^[^\\r\\n\\u0000]*$" },
          },
          content_type: { type: "string", default: "application/json" },
          body: { type: "string", default: "" },
        },
      },
    },
  },
  check: ({ response }) =>
    notToBeSet((response as { readonly headers?: never } | undefined)?.headers).map((one) => ({
      ...one,
      pointer: `/response${one.pointer}`,
    })),
};
