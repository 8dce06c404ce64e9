import type { DispatcherDeclaration } from "../../plugin-declaration.ts";
import { MESSAGE_MEMBERS, messageProblems } from "./message-shapes.ts";
import { TLS } from "./shapes.ts";

const BROKER = "(?:[A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+\\])(?::[0-9]{1,5})?";

export const KAFKA: DispatcherDeclaration = {
  name: "kafka",
  kind: "dispatcher",
  summary: "Publishes requests as messages to a topic of Kafka, and answers when its replicas have them",
  plainAt: ({ tls }) => (tls === undefined ? ["/brokers"] : []),
  config: {
    type: "object",
    additionalProperties: false,
    required: ["brokers", "topic"],
    properties: {
      brokers: {
        type: "string",
        pattern: `^\\s*${BROKER}\\s*(?:,\\s*${BROKER}\\s*)*$`,
        maxLength: 4096,
        description:
          "`HOST:PORT,HOST:PORT`: those that are asked where the others are. The port is 9092 where none is named.",
      },
      topic: { type: "string", pattern: "^[A-Za-z0-9._-]{1,249}$", not: { enum: [".", ".."] } },
      key: {
        type: "string",
        minLength: 1,
        maxLength: 1024,
        description:
          "Messages with the same key are in one partition, in order: `$request.header.NAME`, `$request.path.NAME`, or a text with {name} for parameters of the path. Where the request has no such thing, there is no key.",
      },
      acks: {
        enum: ["all", "leader"],
        default: "all",
        description: "Who has to have a message before it is answered: all replicas in sync, or their leader.",
      },
      idempotent: {
        type: "boolean",
        default: true,
        description:
          "Whether messages are numbered, so that one whose answer was lost is sent again and written once. With `acks: leader` they never are.",
      },
      tls: { ...TLS, description: "With it, `{}` too, TLS is spoken." },
      sasl: {
        type: "object",
        additionalProperties: false,
        required: ["mechanism", "username", "password"],
        properties: {
          mechanism: { enum: ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] },
          username: { type: "string", minLength: 1, maxLength: 256 },
          password: { type: "string", minLength: 1, maxLength: 1024, writeOnly: true },
        },
      },
      ...MESSAGE_MEMBERS,
    },
  },
  check: messageProblems,
};
