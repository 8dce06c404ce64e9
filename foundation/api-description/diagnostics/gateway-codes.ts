/** Codes about plugins, security, routes and tools: E1020 to E1070. Some are for the compiler to tell, which knows the plugins. */
import type { CodeEntry } from "./code-entry.ts";

export const GATEWAY_CODES = {
  E1020: {
    level: "error",
    title: "an operation goes nowhere",
    explanation:
      "Each operation says with `x-biplane-dispatch` where its requests go. A default for all of them is given with --upstream.",
    example: "get:\n  x-biplane-dispatch: {name: http-upstream, config: {url: https://pets.internal}}",
  },
  E1021: {
    level: "error",
    title: "a plugin is not known",
    explanation: "A middleware or dispatcher of this name is neither built in nor declared in the project.",
    example: "x-biplane-middlewares: [{name: jwt-aut}]",
  },
  E1022: {
    level: "error",
    title: "a plugin is not there in this version",
    explanation: "The plugin is known, but not in the version that is asked for with name@version.",
    example: "x-biplane-dispatch: {name: http-upstream@9.9.9}",
  },
  E1023: {
    level: "error",
    title: "a plugin's configuration does not fit its schema",
    explanation:
      "Each plugin says with a JSON Schema what it can be told. The place is that of the value that does not fit.",
    example: "x-biplane-middlewares:\n  - name: rate-limit\n    config: {quota: many}   # wrong: a number is expected",
  },
  E1024: {
    level: "error",
    title: "a plugin is used as what it is not",
    explanation: "A dispatcher answers requests, a middleware stands on the way. Neither can be the other.",
    example: "x-biplane-middlewares: [{name: http-upstream}]",
  },
  E1025: {
    level: "error",
    title: "plugins are declared in a way that cannot be read",
    explanation:
      "`x-biplane-plugins`, at the top of a document, says for each plugin that is brought along where its WebAssembly module is: a path, relative to the document, or `{path, sha256}`. A name is declared once, and is none of a built-in plugin.",
    example:
      "x-biplane-plugins:\n  stamp: ./plugins/stamp.wasm\n  check: {path: ./plugins/check.wasm, sha256: 9f86d081884c7d65…}",
  },
  E1026: {
    level: "error",
    title: "a plugin's manifest is not in order",
    explanation:
      "Next to `stamp.wasm` there is `stamp.plugin.yaml` (or `.plugin.json`): name, version, kind, what the plugin may do (capabilities), its limits, and the JSON Schema of its configuration.",
    example:
      "name: stamp\nversion: 1.0.0\nkind: middleware\ncapabilities: [change-responses]   # there is none of this name",
  },
  E1027: {
    level: "error",
    title: "a plugin's module cannot be used",
    explanation:
      "The module is no WebAssembly that can be run here, imports what its manifest does not declare, lacks a function that the gateway calls, or is another one than the digest says.",
    example: "capabilities: [log]   # and the module imports request_header, which needs read-request",
  },
  E1030: {
    level: "warning",
    title: "a sunset without deprecation",
    explanation:
      "`x-sunset` tells when an operation ends (RFC 8594). Clients look for it where `deprecated: true` says that it will; write both.",
    example: "get:\n  x-sunset: '2027-01-01T00:00:00Z'\n  deprecated: true   # missing",
  },
  E1031: {
    level: "error",
    title: "an upstream without TLS",
    explanation: "Requests would leave the gateway in plain text. Use https://, or allow it with --allow-plaintext.",
    example: "config: {url: http://pets.internal}",
  },
  E1032: {
    level: "error",
    title: "security is declared and not enforced",
    explanation:
      "An operation says that it needs credentials, and no middleware on its way checks them: everybody would be let in. Add the middleware, or say with `security: []` that none are needed.",
    example: "security: [{bearer: []}]\nx-biplane-middlewares: []   # wrong: add jwt-auth",
  },
  E1033: {
    level: "error",
    title: "a security scheme is not declared",
    explanation:
      "A requirement names a scheme that is not in components/securitySchemes, so that nobody could meet it.",
    example: "security: [{bearr: []}]",
  },
  E1040: {
    level: "error",
    title: "a plugin is used and not declared",
    explanation: "The plugin is not in the project's manifest, or not enabled in the project.",
    example: "plugins: {}   # in the manifest, while a description uses my-plugin",
  },
  E1041: {
    level: "warning",
    title: "a value is read that nobody writes",
    explanation:
      "A middleware reads a key of the request's context that no middleware before it writes. Check the order.",
    example: "config: {partition_key: 'context:tenant'}   # nothing sets tenant",
  },
  E1050: {
    level: "error",
    title: "two paths differ in the names of their parameters only",
    explanation: "They match the same requests, so that one of them could not be reached. Use one name in both.",
    example: "paths:\n  /users/{id}: {}\n  /users/{userId}: {}",
  },
  E1051: {
    level: "error",
    title: "a schema is nested too deeply",
    explanation: "Levels of subschemas are limited. What is behind a $ref does not count.",
    example: "properties: {a: {properties: {b: {}}}}   # and so on",
  },
  E1052: {
    level: "error",
    title: "a schema has too many properties",
    explanation:
      "The number of properties of one schema is limited. An object with free keys is described with additionalProperties.",
    example: "properties: {k1: {}, k2: {}}   # and so on",
  },
  E1053: {
    level: "error",
    title: "a parameter is there twice",
    explanation: "A list of parameters has one entry for each name and place; names of headers do not depend on case.",
    example:
      "parameters:\n  - {name: page, in: query, schema: {type: integer}}\n  - {name: page, in: query, schema: {type: string}}",
  },
  E1054: {
    level: "error",
    title: "a path cannot be matched",
    explanation:
      "A path begins with a slash. `{name}` stands for one segment or for a part of one; `{name+}` for all that follows, as the last segment. Two parameters need text between them, each name is there once, and there is neither query nor fragment.",
    example:
      "/pets/{id        # no end\n/{a}{b}          # nothing between\n/files/{p+}/x    # not the last\n/pets?kind=cat   # a query",
  },
  E1055: {
    level: "error",
    title: "an operationId is there twice",
    explanation:
      "Tools, metrics and links name operations by their id: it is unique over all documents that are compiled together.",
    example: "get: {operationId: pets}\npost: {operationId: pets}",
  },
  E1056: {
    level: "error",
    title: "a path and its parameters do not fit",
    explanation:
      "Each `{name}` in a path is declared as a parameter with `in: path`, or its value would go unchecked; and each such parameter is in the path, or it could never be there.",
    example: "/pets/{petId}:\n  get:\n    parameters: [{name: id, in: path, required: true, schema: {type: string}}]",
  },
  E1057: {
    level: "error",
    title: "two paths match the same request",
    explanation:
      "Text goes before parameters, and more of it before less. Where two segments both mix text and parameters and neither is the narrower one, no rule says which path is meant.",
    example: "/files/{name}.json\n/files/report{rest}   # both match /files/report.json",
  },
  E1060: {
    level: "warning",
    title: "a tool without a name",
    explanation:
      "The operation is offered over MCP, whose tools are named by the operationId. Without one it is left out.",
    example: "x-biplane-mcp: {enabled: true}   # and no operationId",
  },
  E1061: {
    level: "warning",
    title: "a tool without a description",
    explanation: "The operation is offered over MCP, and neither summary nor description tells a model what it does.",
    example: "get: {operationId: listPets}   # add a summary",
  },
  E1070: {
    level: "warning",
    title: "a secret in plain text",
    explanation:
      "A field that the plugin marks as writeOnly holds the secret itself. Refer to it with env:// or file://.",
    example: "config: {client_secret: hunter2}   # wrong\nconfig: {client_secret: env://CLIENT_SECRET}",
  },
} as const satisfies Readonly<Record<string, CodeEntry>>;
