import type { JsonObject } from "../../plan.ts";
import type { ConfigProblem, DispatcherDeclaration } from "../../plugin-declaration.ts";
import { MESSAGE_MEMBERS, messageProblems } from "./message-shapes.ts";
import { TLS } from "./shapes.ts";

const ADDRESS = { type: "string", pattern: "^(nats|tls)://[A-Za-z0-9.:_\\[\\]-]+/?$", maxLength: 512 } as const;
/** Tokens with dots between them; `{name}` may stand for one or be part of one. */
const TOKEN = "(?:[^\\s.*>{}\\u0000-\\u001f\\u007f]|\\{[^{}\\s]+\\})+";

export const NATS: DispatcherDeclaration = {
  name: "nats",
  kind: "dispatcher",
  summary: "Publishes requests as messages to NATS, and answers when they were taken",
  urls: ["url", "urls"],
  config: {
    type: "object",
    additionalProperties: false,
    required: ["subject"],
    oneOf: [{ required: ["url"] }, { required: ["urls"] }],
    dependentRequired: { username: ["password"], password: ["username"] },
    properties: {
      url: {
        ...ADDRESS,
        description: "`tls://HOST:PORT`; without TLS `nats://…`. The port is 4222 where none is named.",
      },
      urls: {
        type: "array",
        minItems: 1,
        maxItems: 64,
        uniqueItems: true,
        items: ADDRESS,
        description: "Several servers of one cluster, in the place of `url`: the next is taken when one is away.",
      },
      subject: {
        type: "string",
        pattern: `^${TOKEN}(?:\\.${TOKEN})*$`,
        maxLength: 1024,
        description: "{name} stands for a parameter of the path, which has to be one token.",
      },
      username: { type: "string", minLength: 1, maxLength: 256 },
      password: { type: "string", minLength: 1, maxLength: 1024, writeOnly: true },
      token: { type: "string", minLength: 1, maxLength: 4096, writeOnly: true },
      nkey_seed: {
        type: "string",
        pattern: "^SU[A-Z2-7]{56}$",
        writeOnly: true,
        description: "Seed of a user's key, with which the server's question is signed.",
      },
      tls: TLS,
      jetstream: {
        type: "object",
        additionalProperties: false,
        description:
          "The answer waits until a stream has stored the message. Without it, it waits until the server has taken it.",
        properties: {
          stream: {
            type: "string",
            pattern: "^[^\\s.*>/\\\\]{1,255}$",
            description: "The stream that it has to be; another one refuses it.",
          },
          message_id: {
            type: "string",
            minLength: 1,
            maxLength: 256,
            description:
              "By what the stream knows a message that it has already: `$request.header.NAME`, `$request.path.NAME`, or a text with {name} for parameters of the path.",
          },
        },
      },
      ...MESSAGE_MEMBERS,
    },
  },
  check: (config) => [...severalWays(config), ...messageProblems(config)],
};

function severalWays({ username, token, nkey_seed }: JsonObject): readonly ConfigProblem[] {
  const ways = Object.entries({ username, token, nkey_seed }).filter(([, value]) => value !== undefined);
  if (ways.length < 2) return [];
  return [{ pointer: `/${ways[1]![0]}`, message: "There is one way to say who one is: username, token or nkey_seed." }];
}
