/** Dispatchers: where a request goes. */
import type { PluginDeclaration } from "../plugin-declaration.ts";

const SECONDS = { type: "number", exclusiveMinimum: 0, maximum: 3600 } as const;

export const DISPATCH_PLUGINS: readonly PluginDeclaration[] = [
  {
    name: "http-upstream",
    kind: "dispatcher",
    summary: "Passes requests on to another HTTP server, bodies as they come",
    urls: ["url"],
    config: {
      type: "object",
      additionalProperties: false,
      required: ["url"],
      properties: {
        url: {
          type: "string",
          format: "uri",
          pattern: "^https?://",
          description: "Address of the server; a path in it stands before the path of the request.",
        },
        path: {
          type: "string",
          description: "Path to ask for in place of that of the request; {name} and {name+} stand for its parameters.",
        },
        timeout: { ...SECONDS, default: 30, description: "Seconds from the sent request to the head of the response." },
        idle_timeout: { ...SECONDS, default: 60, description: "Seconds between two pieces of the response." },
        preserve_host: { type: "boolean", default: false, description: "Whether the client's Host is passed on." },
        tls: {
          type: "object",
          additionalProperties: false,
          dependentRequired: { cert: ["key"], key: ["cert"] },
          properties: {
            ca: { type: "string", description: "Authorities to trust in the place of the system's, in PEM." },
            cert: { type: "string", description: "Certificate to show, in PEM." },
            key: { type: "string", writeOnly: true, description: "Its key, in PEM." },
            server_name: { type: "string", description: "Name that the server's certificate must be for." },
          },
        },
      },
    },
  },
  {
    name: "mock",
    kind: "dispatcher",
    summary: "Answers with what is written in the description",
    config: {
      type: "object",
      additionalProperties: false,
      properties: {
        status: { type: "integer", minimum: 200, maximum: 599, default: 200 },
        body: {
          type: "string",
          default: "",
          description:
            "May hold {{request.method}}, {{request.path}}, {{request.query}}, {{request.client_ip}}, {{headers.NAME}}, {{path_params.NAME}}.",
        },
        headers: { type: "object", default: {}, additionalProperties: { type: "string" } },
        content_type: { type: "string", default: "application/json" },
      },
    },
  },
];
