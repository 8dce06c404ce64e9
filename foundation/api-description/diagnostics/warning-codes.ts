/** Codes that begin with W. W1001 to W1004 are told by the control plane about what is uploaded to it. */
import type { CodeEntry } from "./code-entry.ts";

export const WARNING_CODES = {
  W1001: {
    level: "warning",
    title: "a plugin is not registered",
    explanation:
      "The description uses a plugin that the control plane does not have. It can be kept, but not compiled.",
    example: "x-biplane-dispatch: {name: my-plugin}",
  },
  W1002: {
    level: "warning",
    title: "a plugin is registered as something else",
    explanation: "The description uses a dispatcher as a middleware or the other way around.",
    example: "x-biplane-middlewares: [{name: http-upstream}]",
  },
  W1003: {
    level: "warning",
    title: "a plugin is not enabled in the project",
    explanation: "The control plane has it, and the project does not use it yet.",
    example: "x-biplane-dispatch: {name: my-plugin}",
  },
  W1004: {
    level: "warning",
    title: "a configuration does not fit the plugin's schema",
    explanation: "What will be E1023 when it is compiled.",
    example: "config: {quota: many}",
  },
  W1010: {
    level: "note",
    title: "a part is not used by the gateway",
    explanation: "Callbacks, webhooks and replies describe requests that do not come through the gateway.",
    example: "callbacks: {}",
  },
  W1011: {
    level: "warning",
    title: "a field is not known here",
    explanation:
      "The specification knows no such field in this place, or not in this version. Extensions begin with x-.",
    example: "get:\n  colour: blue",
  },
  W1012: {
    level: "warning",
    title: "the description breaks its specification, without effect here",
    explanation: "Other tools may refuse it. The gateway does not need this part.",
    example: "info: {title: Pets}   # version is missing",
  },
  W1013: {
    level: "warning",
    title: "something beside a reference is ignored",
    explanation: "In OpenAPI 3.0 nothing that stands beside `$ref` has a meaning. Use allOf, or OpenAPI 3.1.",
    example: "$ref: '#/components/schemas/Pet'\nmaxProperties: 3   # ignored",
  },
  W1014: {
    level: "warning",
    title: "a parameter is ignored",
    explanation:
      "OpenAPI says that parameters for the headers Accept, Content-Type and Authorization are ignored: media types and security describe them.",
    example: "parameters: [{name: Authorization, in: header}]",
  },
  W1015: {
    level: "warning",
    title: "a body where HTTP gives it no meaning",
    explanation:
      "Bodies of GET, HEAD and DELETE have no defined meaning; many clients and servers drop them. It is checked all the same.",
    example: "get:\n  requestBody: {}",
  },
  W1016: {
    level: "warning",
    title: "two paths overlap",
    explanation:
      "Both match some requests, and neither is narrower than the other. The one whose text comes first, from the left, is taken.",
    example: "/{entity}/me\n/books/{id}    # /books/me goes here",
  },
  W1017: {
    level: "warning",
    title: "a security scheme is not used",
    explanation: "It is declared in components, and no operation asks for it.",
    example: "components: {securitySchemes: {key: {type: apiKey}}}   # and no security",
  },
  W1018: {
    level: "warning",
    title: "more problems",
    explanation: "There are more problems than are shown.",
    example: "",
  },
} as const satisfies Readonly<Record<string, CodeEntry>>;
