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
      http_version: {
        enum: ["1.1", "2", "auto"],
        default: "1.1",
        description:
          "HTTP that is left: over `2` a stream of a connection that is shared (RFC 8441), also without TLS, from servers that are known to speak it; `auto` is what a server chooses in TLS, and 1.1 when it takes no WebSockets over 2.",
      },
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
  check: ({ url, http_version }) =>
    http_version === "auto" && String(url).startsWith("ws://")
      ? [
          {
            pointer: "/http_version",
            message:
              "Without TLS no server says which version it speaks: it is 1.1, or 2 where the server is known to speak it.",
          },
        ]
      : [],
};
