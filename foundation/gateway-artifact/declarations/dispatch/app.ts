import type { DispatcherDeclaration } from "../../plugin-declaration.ts";
import { notToBeSet } from "./own-fields.ts";
import { CONNECT_TIMEOUT, PATH_TEMPLATE, SECONDS, SERVER_URL, TLS } from "./shapes.ts";

/** As applications, environments and processes are named. */
const LABEL = { type: "string", pattern: "^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$" } as const;

export const APP: DispatcherDeclaration = {
  name: "app",
  kind: "dispatcher",
  summary: "Passes requests on to an application of this cloud by its name, whichever instances of it are ready",
  urls: ["edge"],
  config: {
    type: "object",
    additionalProperties: false,
    required: ["org", "app"],
    properties: {
      org: { type: "string", pattern: "^[0-9]{12}$", description: "Id of the org whose application it is." },
      app: { ...LABEL, description: "The application." },
      environment: { ...LABEL, default: "production" },
      process: {
        ...LABEL,
        default: "web",
        description: "The process of the application. It has to have a route over HTTP.",
      },
      port: {
        type: "integer",
        minimum: 1,
        maximum: 65_535,
        description: "Where the process has routes to several of its ports: which one.",
      },
      edge: {
        ...SERVER_URL,
        pattern: "^https?://[^/?#@\\s]+/?$",
        default: "env://BIPLANE_EDGE_URL",
        description: "Address of an edge of the cloud: it knows which instances are ready.",
      },
      path: PATH_TEMPLATE,
      timeout: { ...SECONDS, default: 30, description: "Seconds from the sent request to the head of the response." },
      connect_timeout: CONNECT_TIMEOUT,
      idle_timeout: { ...SECONDS, default: 60, description: "Seconds between two pieces of the response." },
      headers: {
        type: "object",
        additionalProperties: { type: "string", pattern: "^[^\\r\\n\\u0000]*$" },
        description: "Fields of every request, in the place of those of the same name.",
      },
      tls: TLS,
    },
  },
  check: (config) => notToBeSet(config.headers),
};
