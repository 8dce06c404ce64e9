/** Codes about documents, references and extensions: E1000 to E1017. */
import type { CodeEntry } from "./code-entry.ts";

export const DOCUMENT_CODES = {
  E1000: {
    level: "error",
    title: "a file cannot be read",
    explanation:
      "A description, or a file that one of its references names, is not there or cannot be read. Paths in references are relative to the file that they stand in.",
    example: "schema:\n  $ref: ./schemas/pet.yaml   # there is no such file",
  },
  E1001: {
    level: "error",
    title: "not a supported API description",
    explanation:
      "A description begins with `openapi: 3.0.x`, `3.1.x` or `3.2.x`, or with `asyncapi: 3.x.y`. The version is text of three numbers: without quotes `3.0` is the number three. OpenAPI 2.0 (Swagger) and AsyncAPI 2 have to be converted first.",
    example: "swagger: '2.0'      # wrong\nopenapi: 3.1        # wrong: a number\nopenapi: 3.1.0      # right",
  },
  E1002: {
    level: "error",
    title: "neither YAML nor JSON",
    explanation:
      "The text breaks the rules of YAML 1.2 (core schema) or of JSON, or says what JSON cannot say: a tag such as `!include`, a second document, infinity. A file named .json is read as JSON. Nothing that follows the first such place is judged.",
    example:
      "description: see: below      # wrong: a colon in text that is not quoted\ndescription: 'see: below'    # right",
  },
  E1003: {
    level: "error",
    title: "a reference leads nowhere",
    explanation:
      "`$ref` has to lead to something in this file or in another one that is read with it. A reference is followed from the file (in schemas of OpenAPI 3.1: from the $id) that it stands in. Slashes in names are written ~1, tildes ~0, other characters percent-encoded.",
    example:
      "$ref: '#/components/schemas/Pett'              # there is no Pett\n$ref: '#/paths/~1pets~1{id}/get/parameters/0'  # slashes are ~1",
  },
  E1004: {
    level: "error",
    title: "the description breaks its specification",
    explanation:
      "A part that decides what the gateway does is not what OpenAPI or AsyncAPI says it is: missing, of the wrong type, or with a value that is not allowed. It is refused because requests could pass unchecked otherwise. What breaks the specification without such an effect is W1012.",
    example: "requestBody:\n  required: 'yes'   # wrong: text\n  required: true    # right",
  },
  E1005: {
    level: "error",
    title: "a key is there twice",
    explanation:
      "One of the two would be lost, and which one depends on who reads the file. `200` and `'200'` are the same key.",
    example: "paths:\n  /pets: {get: {}}\n  /pets: {post: {}}   # put both methods below one /pets",
  },
  E1006: {
    level: "error",
    title: "a document is too large, or too deep",
    explanation:
      "There is a limit on the length of a document, on levels of nesting, on values once YAML aliases are written out, and on the files that references lead to. Public descriptions stay far below them; an attack does not.",
    example: "a: &a [x, x, x]\nb: &b [*a, *a, *a]\nc: &c [*b, *b, *b]   # and so on",
  },
  E1007: {
    level: "error",
    title: "a reference leads back to itself",
    explanation:
      "Schemas may contain themselves. Parameters, responses, path items and everything else may not: there would be nothing at the end. Two schemas that are nothing but references to each other are refused too.",
    example:
      "components:\n  parameters:\n    A: {$ref: '#/components/parameters/B'}\n    B: {$ref: '#/components/parameters/A'}",
  },
  E1008: {
    level: "error",
    title: "a reference may not be followed",
    explanation:
      "The compiler reads files below one folder and nothing else: no network, no folder above. Copy the file into the folder, or hand it over with its address.",
    example:
      "$ref: https://example.com/common.yaml#/Pet   # never fetched\n$ref: ../../etc/passwd                       # outside the folder",
  },
  E1009: {
    level: "error",
    title: "a field looks misspelt",
    explanation:
      "A field that is not known here differs a little from one that decides what the gateway does. It would be ignored, and something would go unchecked.",
    example: "post:\n  requestbody:    # wrong\n  requestBody:    # right",
  },
  E1010: {
    level: "error",
    title: "two operations have the same path and method",
    explanation: "Only one of them could be reached. Remove one, or give it another path.",
    example: "# users.yaml and admin.yaml both have\npaths: {/users: {get: {}}}",
  },
  E1011: {
    level: "error",
    title: "a list of middlewares is malformed",
    explanation:
      "`x-biplane-middlewares` is a list of `{name, config}`, where name is text and config, if it is there, an object. A list that cannot be read is never taken for an empty one: that would switch authentication off. An empty list says that none is wanted, also none of those at the top of the document.",
    example:
      "x-biplane-middlewares:\n  - nmae: jwt-auth    # wrong\n  - name: jwt-auth    # right\nx-biplane-middlewares:   # wrong: empty; write [] to opt out",
  },
  E1012: {
    level: "error",
    title: "a dispatch is malformed",
    explanation:
      "`x-biplane-dispatch` is `{name, config}`: name is text (`http-upstream` or `http-upstream@1.2.0`), config an object.",
    example:
      "x-biplane-dispatch: http-upstream            # wrong\nx-biplane-dispatch: {name: http-upstream, config: {url: https://pets.internal}}",
  },
  E1013: {
    level: "error",
    title: "an extension is there under both prefixes",
    explanation: "`x-biplane-…` and `x-barbacane-…` mean the same. When both are there, it is open which one is meant.",
    example: "x-biplane-dispatch: {name: mock}\nx-barbacane-dispatch: {name: http-upstream}   # remove one",
  },
  E1014: {
    level: "error",
    title: "an extension is malformed",
    explanation:
      "`x-biplane-mcp` is `{enabled, description}` on an operation and `{enabled, server_name, server_version}` at the top of the document; `x-biplane-response-validation` is `off`, `report` or `enforce`; `x-sunset` is a date as RFC 3339 or HTTP write it, or a day.",
    example:
      "x-biplane-mcp: true                    # wrong\nx-biplane-mcp: {enabled: true}         # right\nx-sunset: '2027-01-01T00:00:00Z'       # right",
  },
  E1015: {
    level: "warning",
    title: "an extension is not known",
    explanation: "It begins with x-biplane- or x-barbacane- and means nothing here, so that it has no effect.",
    example: "x-biplane-color: blue",
  },
  E1016: {
    level: "error",
    title: "an extension stands where it has no effect",
    explanation:
      "Dispatch belongs to operations; middlewares and mcp to operations or to the top of the document. Middlewares of a path item, say, would protect nothing although they look like it.",
    example: "paths:\n  /admin:\n    x-biplane-middlewares: [{name: jwt-auth}]   # wrong: move it below get, post …",
  },
  E1017: {
    level: "error",
    title: "an extension looks misspelt",
    explanation: "It differs a little from one that is known. It would be ignored, and with it what it asks for.",
    example: "x-biplane-middleware: [{name: jwt-auth}]    # wrong\nx-biplane-middlewares: [{name: jwt-auth}]   # right",
  },
} as const satisfies Readonly<Record<string, CodeEntry>>;
