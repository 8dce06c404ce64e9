import type { DispatcherDeclaration } from "../../plugin-declaration.ts";

export const MOCK: DispatcherDeclaration = {
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
};
