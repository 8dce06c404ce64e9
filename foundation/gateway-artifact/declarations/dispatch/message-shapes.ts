/** What configurations of dispatchers that publish messages have in common. */
import type { JsonObject } from "../../plan.ts";
import type { ConfigProblem } from "../../plugin-declaration.ts";
import { notToBeSet } from "./own-fields.ts";

const FIELD_NAME = "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$";

export const MESSAGE_MEMBERS = {
  headers_from_request: {
    type: "array",
    maxItems: 64,
    uniqueItems: true,
    default: [],
    items: { type: "string", pattern: FIELD_NAME },
    description:
      "Fields of the request that the message has as headers; no others are passed on. `traceparent` and `X-Request-Id` are the gateway's own.",
  },
  ack_response: {
    type: "object",
    additionalProperties: false,
    default: {},
    description: "What the client is told once the message was taken.",
    properties: {
      status: { type: "integer", minimum: 200, maximum: 299, default: 202 },
      headers: {
        type: "object",
        default: {},
        additionalProperties: { type: "string", pattern: "^[^\\r\\n\\u0000]*$" },
      },
      content_type: { type: "string", pattern: "^[^\\r\\n\\u0000]+$", default: "application/json" },
      body: { default: { status: "accepted" }, description: "A text as it is, anything else as JSON." },
    },
  },
  include_metadata: {
    type: "boolean",
    default: false,
    description: "Whether the body says where the message is. Then it is an object.",
  },
  timeout: {
    type: "number",
    minimum: 0.05,
    maximum: 300,
    default: 5,
    description: "Seconds until a message has to be confirmed; and until a connection has to be there.",
  },
  max_in_flight: {
    type: "integer",
    minimum: 1,
    maximum: 100_000,
    default: 1000,
    description: "Messages that are not confirmed yet at a time; one more is answered 503 and not sent.",
  },
} as const;

/** What the schemas above cannot say. */
export function messageProblems(config: JsonObject): readonly ConfigProblem[] {
  const { ack_response, include_metadata } = config as {
    readonly ack_response?: JsonObject;
    readonly include_metadata?: boolean;
  };
  const body = ack_response?.body ?? {};
  const isObject = typeof body === "object" && body !== null && !Array.isArray(body);
  return [
    ...notToBeSet(ack_response?.headers).map((one) => ({ ...one, pointer: `/ack_response${one.pointer}` })),
    ...(include_metadata === true && !isObject
      ? [
          {
            pointer: "/ack_response/body",
            message: "With include_metadata it has to be an object, which gets more members.",
          },
        ]
      : []),
  ];
}
