import type { DispatcherDeclaration } from "../../plugin-declaration.ts";
import { CONNECT_TIMEOUT, PATH_TEMPLATE, SECONDS, TLS } from "./shapes.ts";

export const WS_UPSTREAM: DispatcherDeclaration = {
  name: "ws-upstream",
  kind: "dispatcher",
  summary: "Passes WebSockets on to another server, octet for octet",
  urls: ["url"],
  config: {
    type: "object",
    additionalProperties: false,
    required: ["url"],
    properties: {
      url: {
        type: "string",
        format: "uri",
        pattern: "^wss?://",
        description: "Address of the server; a path in it stands before the path of the request.",
      },
      path: PATH_TEMPLATE,
      connect_timeout: CONNECT_TIMEOUT,
      timeout: { ...SECONDS, default: 30, description: "Seconds from the sent request to the head of the response." },
      idle_timeout: {
        type: "number",
        minimum: 1,
        maximum: 86_400,
        default: 300,
        description:
          "Seconds without an octet in either direction, pings included, after which both ends are told to close.",
      },
      tls: TLS,
    },
  },
};
