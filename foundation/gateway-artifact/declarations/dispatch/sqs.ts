import type { JsonObject } from "../../plan.ts";
import type { ConfigProblem, DispatcherDeclaration } from "../../plugin-declaration.ts";
import { MESSAGE_MEMBERS, messageProblems } from "./message-shapes.ts";
import { SERVER_URL } from "./shapes.ts";

const TEXT_OF_REQUEST =
  "`$request.header.NAME`, `$request.path.NAME`, or a text with {name} for parameters of the path; 1 to 128 letters, digits and punctuation marks.";
const ID = { type: "string", minLength: 1, maxLength: 256 } as const;

export const SQS: DispatcherDeclaration = {
  name: "sqs",
  kind: "dispatcher",
  summary: "Sends requests as messages to a queue of SQS, or of another service that speaks as it does",
  urls: ["queue_url", "endpoint"],
  config: {
    type: "object",
    additionalProperties: false,
    required: ["queue_url", "region", "access_key_id", "secret_access_key"],
    properties: {
      queue_url: {
        ...SERVER_URL,
        pattern: "^https?://[^/?#@\\s]+/[^?#\\s]+$",
        maxLength: 2048,
        description: "As the service itself says it; its host is asked unless `endpoint` names another.",
      },
      endpoint: { ...SERVER_URL, pattern: "^https?://[^/?#@\\s]+/?$", description: "Address of the service." },
      region: { type: "string", pattern: "^[a-z0-9-]{1,64}$" },
      access_key_id: { type: "string", minLength: 1 },
      secret_access_key: { type: "string", minLength: 1, writeOnly: true },
      session_token: { type: "string", minLength: 1, writeOnly: true },
      group_id: { ...ID, description: `The message's group; queues that end with .fifo need one. ${TEXT_OF_REQUEST}` },
      deduplication_id: {
        ...ID,
        description: `By what a queue that ends with .fifo knows a message that it has already. ${TEXT_OF_REQUEST}`,
      },
      delay_seconds: {
        type: "integer",
        minimum: 0,
        maximum: 900,
        description: "Until the message can be received. Not for queues that end with .fifo.",
      },
      ...MESSAGE_MEMBERS,
      headers_from_request: {
        ...MESSAGE_MEMBERS.headers_from_request,
        maxItems: 10,
        items: {
          type: "string",
          pattern: "^[A-Za-z0-9_.-]{1,256}$",
          not: { pattern: "^([Aa][Ww][Ss]|[Aa][Mm][Aa][Zz][Oo][Nn])\\." },
        },
        description:
          "Fields of the request that the message has as attributes (String), those with a value. `traceparent` and `X-Request-Id` are the gateway's own.",
      },
      include_metadata: { ...MESSAGE_MEMBERS.include_metadata, default: true },
    },
  },
  check: (config) => [...fifoProblems(config), ...messageProblems({ include_metadata: true, ...config })],
};

function fifoProblems({ queue_url, group_id, deduplication_id, delay_seconds }: JsonObject): readonly ConfigProblem[] {
  const url = String(queue_url);
  // What a secret refers to is not known here.
  if (!/^https?:/.test(url)) return [];
  const isFifo = url.endsWith(".fifo");
  if (isFifo && group_id === undefined) {
    return [{ pointer: "/queue_url", message: "A queue that ends with .fifo needs group_id." }];
  }
  if (!isFifo && deduplication_id !== undefined) {
    return [{ pointer: "/deduplication_id", message: "Only a queue that ends with .fifo takes it." }];
  }
  if (isFifo && delay_seconds !== undefined) {
    return [{ pointer: "/delay_seconds", message: "A queue that ends with .fifo does not take it." }];
  }
  return [];
}
