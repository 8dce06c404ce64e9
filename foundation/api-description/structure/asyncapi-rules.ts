/** AsyncAPI 3.0: which fields its objects have. */
import { list, map, may, must, mustTell, object, orRef, type RuleTable, tells } from "./rules.ts";

const TAGS = tells("any");
const DOCS = tells("any");
const BINDINGS = may("any");

const OPERATION_TRAIT = {
  title: tells("text"),
  summary: tells("text"),
  description: tells("text"),
  security: may(list(orRef("securityScheme"))),
  tags: TAGS,
  externalDocs: DOCS,
  bindings: BINDINGS,
};

const MESSAGE_TRAIT = {
  headers: may("formattedSchema"),
  correlationId: tells("any"),
  contentType: may("text"),
  name: tells("text"),
  title: tells("text"),
  summary: tells("text"),
  description: tells("text"),
  tags: TAGS,
  externalDocs: DOCS,
  bindings: BINDINGS,
  examples: tells("any"),
};

export const ASYNCAPI_RULES: RuleTable = {
  root: {
    called: "an AsyncAPI document",
    fields: {
      asyncapi: must("text"),
      id: tells("text"),
      info: mustTell(object("info")),
      servers: tells(map("any")),
      defaultContentType: may("text"),
      channels: may(map(orRef("channel"))),
      operations: may(map(orRef("operation"))),
      components: may(object("components")),
    },
  },
  info: {
    called: "an info object",
    fields: {
      title: mustTell("text"),
      version: mustTell("text"),
      description: tells("text"),
      termsOfService: tells("text"),
      contact: tells("any"),
      license: tells("any"),
      tags: TAGS,
      externalDocs: DOCS,
    },
  },
  channel: {
    called: "a channel",
    fields: {
      address: may("textOrNull"),
      messages: may(map(orRef("message"))),
      title: tells("text"),
      summary: tells("text"),
      description: tells("text"),
      servers: tells("any"),
      parameters: may(map(orRef("parameter"))),
      tags: TAGS,
      externalDocs: DOCS,
      bindings: BINDINGS,
    },
  },
  parameter: {
    called: "a parameter",
    fields: {
      enum: may("texts"),
      default: tells("text"),
      description: tells("text"),
      examples: tells("texts"),
      location: tells("text"),
    },
  },
  operation: {
    called: "an operation",
    fields: {
      ...OPERATION_TRAIT,
      action: must({ oneOf: ["send", "receive"] }),
      channel: must({ refTo: "channel" }),
      traits: may(list(orRef("operationTrait"))),
      messages: may(list({ refTo: "message" })),
      reply: tells("any"),
    },
  },
  operationTrait: { called: "an operation trait", fields: OPERATION_TRAIT },
  message: {
    called: "a message",
    fields: { ...MESSAGE_TRAIT, payload: may("formattedSchema"), traits: may(list(orRef("messageTrait"))) },
  },
  messageTrait: { called: "a message trait", fields: MESSAGE_TRAIT },
  formattedSchema: {
    called: "a schema with its format",
    fields: { schemaFormat: must("text"), schema: must("schema") },
  },
  securityScheme: {
    called: "a security scheme",
    fields: {
      type: must("text"),
      description: tells("text"),
      name: may("text"),
      in: may("text"),
      scheme: may("text"),
      bearerFormat: tells("text"),
      flows: may("any"),
      openIdConnectUrl: may("text"),
      scopes: may("texts"),
    },
  },
  components: {
    called: "a components object",
    fields: {
      schemas: may(map("formattedSchema")),
      channels: may(map(orRef("channel"))),
      operations: may(map(orRef("operation"))),
      messages: may(map(orRef("message"))),
      parameters: may(map(orRef("parameter"))),
      securitySchemes: may(map(orRef("securityScheme"))),
      operationTraits: may(map(orRef("operationTrait"))),
      messageTraits: may(map(orRef("messageTrait"))),
      servers: tells(map("any")),
      serverVariables: tells(map("any")),
      correlationIds: tells(map("any")),
      replies: tells(map("any")),
      replyAddresses: tells(map("any")),
      externalDocs: tells(map("any")),
      tags: tells(map("any")),
      serverBindings: tells(map("any")),
      channelBindings: tells(map("any")),
      operationBindings: tells(map("any")),
      messageBindings: tells(map("any")),
    },
  },
};
