/** OpenAPI 3.0.4, 3.1.1 and 3.2.0, §4.7/§4.8: which fields its objects have. */
import { list, map, may, must, mustTell, object, orRef, type RuleTable, tells } from "./rules.ts";

const STYLE = {
  oneOf: ["matrix", "label", "simple", "form", "spaceDelimited", "pipeDelimited", "deepObject", "cookie"],
} as const;
const EXTERNAL_DOCS = tells(object("externalDocs"));
const SECURITY = list(map("texts"));
/** Of parameters and headers. */
const VALUE = {
  description: tells("text"),
  required: may("flag"),
  deprecated: tells("flag"),
  style: may(STYLE),
  explode: may("flag"),
  schema: may("schema"),
  content: may(map(orRef("mediaType"))),
  example: tells("any"),
  examples: tells(map(orRef("example"))),
};
const ENCODINGS = {
  encoding: may(map(object("encoding"))),
  prefixEncoding: may(list(object("encoding")), "3.2"),
  itemEncoding: may(object("encoding"), "3.2"),
};
const OPERATION = may(object("operation"));

export const METHODS_30 = ["get", "put", "post", "delete", "options", "head", "patch", "trace"] as const;
/** 3.2 adds `query`. */
export const METHODS_32 = [...METHODS_30, "query"] as const;

export const OPENAPI_RULES: RuleTable = {
  root: {
    called: "an OpenAPI document",
    fields: {
      openapi: must("text"),
      $self: may("text", "3.2"),
      info: mustTell(object("info")),
      jsonSchemaDialect: may("text", "3.1"),
      servers: may(list(object("server"))),
      paths: may(object("paths")),
      webhooks: may(map(orRef("pathItem")), "3.1"),
      components: may(object("components")),
      security: may(SECURITY),
      tags: tells(list(object("tag"))),
      externalDocs: EXTERNAL_DOCS,
    },
  },
  info: {
    called: "an info object",
    fields: {
      title: mustTell("text"),
      summary: tells("text", "3.1"),
      description: tells("text"),
      termsOfService: tells("text"),
      contact: tells(object("contact")),
      license: tells(object("license")),
      version: mustTell("text"),
    },
  },
  contact: { called: "a contact", fields: { name: tells("text"), url: tells("text"), email: tells("text") } },
  license: {
    called: "a license",
    fields: { name: mustTell("text"), identifier: tells("text", "3.1"), url: tells("text") },
  },
  server: {
    called: "a server",
    fields: {
      url: must("text"),
      description: tells("text"),
      name: tells("text", "3.2"),
      variables: may(map(object("serverVariable"))),
    },
  },
  serverVariable: {
    called: "a variable of a server",
    fields: { enum: tells("texts"), default: must("text"), description: tells("text") },
  },
  components: {
    called: "a components object",
    fields: {
      schemas: may(map("schema")),
      responses: may(map(orRef("response"))),
      parameters: may(map(orRef("parameter"))),
      examples: tells(map(orRef("example"))),
      requestBodies: may(map(orRef("requestBody"))),
      headers: may(map(orRef("header"))),
      securitySchemes: may(map(orRef("securityScheme"))),
      links: tells(map(orRef("link"))),
      callbacks: may(map(orRef("callback"))),
      pathItems: may(map(orRef("pathItem")), "3.1"),
      mediaTypes: may(map(orRef("mediaType")), "3.2"),
    },
  },
  paths: { called: "an object of paths", fields: {}, others: { names: /^(?!x-)/, type: orRef("pathItem") } },
  pathItem: {
    called: "a path item",
    fields: {
      summary: tells("text"),
      description: tells("text"),
      ...Object.fromEntries(METHODS_30.map((method) => [method, OPERATION])),
      query: may(object("operation"), "3.2"),
      additionalOperations: may(map(object("operation")), "3.2"),
      servers: may(list(object("server"))),
      parameters: may(list(orRef("parameter"))),
    },
  },
  operation: {
    called: "an operation",
    fields: {
      tags: tells("texts"),
      summary: tells("text"),
      description: tells("text"),
      externalDocs: EXTERNAL_DOCS,
      operationId: may("text"),
      parameters: may(list(orRef("parameter"))),
      requestBody: may(orRef("requestBody")),
      responses: may(object("responses")),
      callbacks: may(map(orRef("callback"))),
      deprecated: may("flag"),
      security: may(SECURITY),
      servers: may(list(object("server"))),
    },
  },
  externalDocs: { called: "external documentation", fields: { description: tells("text"), url: mustTell("text") } },
  parameter: {
    called: "a parameter",
    hasSchema: true,
    fields: {
      ...VALUE,
      name: must("text"),
      in: must({ oneOf: ["path", "query", "header", "cookie", "querystring"] }),
      allowEmptyValue: may("flag"),
      allowReserved: may("flag"),
    },
  },
  header: { called: "a header", hasSchema: true, fields: VALUE },
  requestBody: {
    called: "a request body",
    fields: { description: tells("text"), content: must(map(orRef("mediaType"))), required: may("flag") },
  },
  mediaType: {
    called: "a media type",
    hasSchema: true,
    fields: {
      description: tells("text", "3.2"),
      schema: may("schema"),
      itemSchema: may("schema", "3.2"),
      example: tells("any"),
      examples: tells(map(orRef("example"))),
      ...ENCODINGS,
    },
  },
  encoding: {
    called: "an encoding",
    fields: {
      contentType: may("text"),
      headers: may(map(orRef("header"))),
      style: may(STYLE),
      explode: may("flag"),
      allowReserved: may("flag"),
      encoding: may(map(object("encoding")), "3.2"),
      prefixEncoding: ENCODINGS.prefixEncoding,
      itemEncoding: ENCODINGS.itemEncoding,
    },
  },
  responses: { called: "an object of responses", fields: {}, others: { names: /^(?!x-)/, type: orRef("response") } },
  response: {
    called: "a response",
    fields: {
      summary: tells("text", "3.2"),
      description: mustTell("text"),
      headers: may(map(orRef("header"))),
      content: may(map(orRef("mediaType"))),
      links: tells(map(orRef("link"))),
    },
  },
  callback: { called: "a callback", fields: {}, others: { names: /^(?!x-)/, type: orRef("pathItem") } },
  example: {
    called: "an example",
    fields: {
      summary: tells("text"),
      description: tells("text"),
      value: tells("any"),
      externalValue: tells("text"),
      dataValue: tells("any", "3.2"),
      serializedValue: tells("text", "3.2"),
    },
  },
  link: {
    called: "a link",
    fields: {
      operationRef: tells("text"),
      operationId: tells("text"),
      parameters: tells(map("any")),
      requestBody: tells("any"),
      description: tells("text"),
      server: tells(object("server")),
    },
  },
  tag: {
    called: "a tag",
    fields: {
      name: mustTell("text"),
      summary: tells("text", "3.2"),
      description: tells("text"),
      externalDocs: EXTERNAL_DOCS,
      parent: tells("text", "3.2"),
      kind: tells("text", "3.2"),
    },
  },
  securityScheme: {
    called: "a security scheme",
    fields: {
      type: must({ oneOf: ["apiKey", "http", "mutualTLS", "oauth2", "openIdConnect"] }),
      description: tells("text"),
      name: may("text"),
      in: may({ oneOf: ["query", "header", "cookie"] }),
      scheme: may("text"),
      bearerFormat: tells("text"),
      flows: may(object("flows")),
      openIdConnectUrl: may("text"),
      oauth2MetadataUrl: may("text", "3.2"),
      deprecated: tells("flag", "3.2"),
    },
  },
  flows: {
    called: "an object of flows",
    fields: {
      implicit: may(object("flow")),
      password: may(object("flow")),
      clientCredentials: may(object("flow")),
      authorizationCode: may(object("flow")),
      deviceAuthorization: may(object("flow"), "3.2"),
    },
  },
  flow: {
    called: "a flow",
    fields: {
      authorizationUrl: tells("text"),
      deviceAuthorizationUrl: tells("text", "3.2"),
      tokenUrl: tells("text"),
      refreshUrl: tells("text"),
      scopes: mustTell(map("text")),
    },
  },
};
