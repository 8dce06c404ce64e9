/**
 * What a plan looks like, for plans that somebody else has written: JSON Schema 2020-12 of `GatewayPlan`. It names every member that there is, so that none is taken for
 * known that gateways of this version would pass over.
 */
import { STYLES, type ValueShape } from "#foundation/api-parameters";
import {
  type GatewayPlan,
  MODULE_MANIFEST_SCHEMA,
  PLAN_VERSION,
  type PlannedApi,
  type PlannedArgument,
  type PlannedEncoding,
  type PlannedMcpServer,
  type PlannedMediaType,
  type PlannedOperation,
  type PlannedParameter,
  type PlannedResponse,
  type PlannedSchemaDocument,
  type PlannedTool,
  type PluginUse,
  type SchemaRef,
} from "#foundation/gateway-artifact";

type Schema = Readonly<Record<string, unknown>>;

/** Names of a structure's members, with a `?` behind those that may be left out: whoever adds one to a plan is told here. */
type Members<Of> = {
  readonly [Name in keyof Of & string as Partial<Pick<Of, Name>> extends Pick<Of, Name> ? `${Name}?` : Name]-?: Schema;
};

/** A structure with these members and no others. */
function structure<Of>(members: Members<Of>): Schema {
  const entries = Object.entries<Schema>(members);
  return {
    type: "object",
    additionalProperties: false,
    required: entries.flatMap(([name]) => (name.endsWith("?") ? [] : [name])),
    properties: Object.fromEntries(entries.map(([name, schema]) => [name.replace("?", ""), schema])),
  };
}

const text = { type: "string" };
const flag = { type: "boolean" };
const place = { type: "integer", minimum: 0 };
const list = (items: Schema): Schema => ({ type: "array", items });
const oneOf = (...values: readonly string[]): Schema => ({ enum: values });
const of = (name: string): Schema => ({ $ref: `#/$defs/${name}` });
const object = { type: "object" };
const json = true as unknown as Schema;

const scalarTypes = list(oneOf("null", "boolean", "integer", "number", "string"));
type ObjectShape = Extract<ValueShape, { kind: "object" }>;

const shape = {
  oneOf: [
    structure<Extract<ValueShape, { kind: "scalar" }>>({ kind: { const: "scalar" }, types: scalarTypes }),
    structure<Extract<ValueShape, { kind: "array" }>>({ kind: { const: "array" }, items: scalarTypes }),
    structure<Partial<Pick<ObjectShape, "others">> & Omit<ObjectShape, "others">>({
      kind: { const: "object" },
      properties: { type: "object", additionalProperties: of("shape") },
      "others?": of("shape"),
    }),
  ],
};
const schemaRef = structure<SchemaRef>({ document: place, pointer: text });
const style = oneOf(...STYLES);
const parameter = structure<PlannedParameter>({
  name: text,
  in: oneOf("path", "query", "header", "cookie", "querystring"),
  required: flag,
  style,
  explode: flag,
  allowEmptyValue: flag,
  shape: of("shape"),
  isJson: flag,
  "mediaType?": text,
  "schema?": of("schemaRef"),
});
const mediaType = structure<PlannedMediaType>({
  type: text,
  "schema?": of("schemaRef"),
  "itemSchema?": of("schemaRef"),
  "encoding?": {
    type: "object",
    additionalProperties: structure<PlannedEncoding>({ "contentType?": text, "style?": style, explode: flag }),
  },
  "shape?": of("shape"),
});
const tool = structure<PlannedTool>({
  name: text,
  "title?": text,
  description: text,
  inputSchema: object,
  "outputSchema?": object,
  annotations: structure<PlannedTool["annotations"]>({
    readOnlyHint: flag,
    destructiveHint: flag,
    idempotentHint: flag,
  }),
  arguments: list(structure<PlannedArgument>({ name: text, parameter: place })),
  "body?": structure<NonNullable<PlannedTool["body"]>>({ argument: text, content: place }),
});
const operation = structure<PlannedOperation>({
  id: text,
  api: place,
  method: { type: "string", pattern: "^[A-Z0-9!#$%&'*+.^_`|~-]{1,64}$" },
  path: { type: "string", pattern: "^/" },
  // What it must be follows from the path, and is held against that.
  template: object,
  "operationId?": text,
  "summary?": text,
  "description?": text,
  deprecated: flag,
  // It becomes a field of answers.
  "sunset?": { type: "string", pattern: "^[ -~]{1,64}$" },
  parameters: list(of("parameter")),
  "requestBody?": structure<NonNullable<PlannedOperation["requestBody"]>>({
    required: flag,
    content: list(of("mediaType")),
  }),
  responses: list(
    structure<PlannedResponse>({
      status: { type: "string", pattern: "^(?:[1-5][0-9][0-9]|[1-5]XX|default)$" },
      "headers?": list(of("parameter")),
      content: list(of("mediaType")),
    }),
  ),
  middlewares: list(place),
  dispatch: place,
  "responseValidation?": oneOf("report", "enforce"),
  "tool?": tool,
});
const { properties: ofModules } = MODULE_MANIFEST_SCHEMA;
const module = {
  type: "object",
  additionalProperties: false,
  required: [...Object.keys(ofModules), "sha256"],
  properties: { ...ofModules, sha256: { type: "string", pattern: "^[0-9a-f]{64}$" } },
};

export const PLAN_SCHEMA: Schema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  ...structure<GatewayPlan>({
    version: { const: PLAN_VERSION },
    apis: list(
      structure<PlannedApi>({
        file: text,
        format: oneOf("openapi", "asyncapi"),
        formatVersion: text,
        title: text,
        version: text,
      }),
    ),
    operations: list(operation),
    plugins: list(structure<PluginUse>({ kind: oneOf("middleware", "dispatcher"), name: text, config: object })),
    "modules?": list(module),
    schemas: list(
      structure<PlannedSchemaDocument>({
        uri: text,
        dialect: oneOf("openapi-3.0", "openapi-3.1", "openapi-3.2", "2020-12"),
        root: json,
        schemasAt: list(text),
      }),
    ),
    "mcp?": structure<PlannedMcpServer>({
      serverName: text,
      serverVersion: text,
      "instructions?": text,
      "allowedOrigins?": list(text),
    }),
  }),
  $defs: { shape, schemaRef, parameter, mediaType },
};
