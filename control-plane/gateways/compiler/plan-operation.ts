/** One operation of a description, as the plan has it. */
import type { Header, MediaType, Operation, Parameter } from "#foundation/api-description";
import type { ValueShape } from "#foundation/api-parameters";
import type {
  PlannedEncoding,
  PlannedMediaType,
  PlannedOperation,
  PlannedParameter,
  PlannedTool,
} from "#foundation/gateway-artifact";
import type { SchemaTable } from "./schema-table.ts";

export interface OperationContext {
  /** Place of its description. */
  readonly api: number;
  readonly middlewares: readonly number[];
  readonly dispatch: number;
  readonly schemas: SchemaTable;
  readonly tool: PlannedTool | undefined;
}

const TEXT: ValueShape = { kind: "scalar", types: [] };

export function planOperation(
  operation: Operation,
  { api, middlewares, dispatch, schemas, tool }: OperationContext,
): PlannedOperation {
  const {
    method,
    path,
    template,
    operationId,
    summary,
    description,
    deprecated,
    sunset,
    requestBody,
    responseValidation,
  } = operation;
  const isChecked = responseValidation !== "off";
  return {
    id: `${method} ${path}`,
    api,
    method,
    path,
    template,
    ...(operationId === undefined ? {} : { operationId }),
    ...(summary === undefined ? {} : { summary }),
    ...(description === undefined ? {} : { description }),
    deprecated,
    ...(sunset === undefined ? {} : { sunset: new Date(sunset.time).toUTCString() }),
    parameters: operation.parameters.map((one) => planParameter(one, schemas)),
    ...(requestBody === undefined
      ? {}
      : {
          requestBody: {
            required: requestBody.required,
            content: requestBody.content.map((one) => planMediaType(one, schemas)),
          },
        }),
    responses: operation.responses.map(({ status, headers, content }) => ({
      status,
      ...(isChecked && headers.length > 0 ? { headers: headers.map((one) => planHeader(one, schemas)) } : {}),
      content: content.map((one) => planMediaType(one, schemas)),
    })),
    middlewares,
    dispatch,
    ...(responseValidation === "off" ? {} : { responseValidation }),
    ...(tool === undefined ? {} : { tool }),
  };
}

function planParameter(parameter: Parameter, schemas: SchemaTable): PlannedParameter {
  const { name, required, style, explode, allowEmptyValue, content } = parameter;
  const schema = parameter.schema ?? content?.schema;
  const mediaType = content && typeOf(content);
  const isJson = mediaType !== undefined && /^(application|text)\/json$|\+json$/.test(mediaType);
  return {
    name,
    in: parameter.in,
    required,
    style,
    explode,
    allowEmptyValue,
    // What is one text of some other media type is taken as text.
    shape:
      schema === undefined || (content !== undefined && parameter.in !== "querystring")
        ? TEXT
        : schemas.shapeOf(schema),
    isJson,
    ...(parameter.in === "querystring" && mediaType !== undefined ? { mediaType } : {}),
    ...(schema === undefined ? {} : { schema: schemas.refOf(schema) }),
  };
}

/** A field of an answer is read as one of a request is. */
function planHeader({ name, required, explode, schema, content }: Header, schemas: SchemaTable): PlannedParameter {
  const isJson = content !== undefined && /^(application|text)\/json$|\+json$/.test(typeOf(content));
  const said = schema ?? content?.schema;
  return {
    name,
    in: "header",
    required,
    style: "simple",
    explode,
    allowEmptyValue: false,
    shape: schema === undefined ? TEXT : schemas.shapeOf(schema),
    isJson,
    ...(said === undefined ? {} : { schema: schemas.refOf(said) }),
  };
}

function planMediaType(media: MediaType, schemas: SchemaTable): PlannedMediaType {
  const { schema, itemSchema, encoding } = media;
  const type = typeOf(media);
  const isForm = type === "application/x-www-form-urlencoded" || type === "multipart/form-data";
  return {
    type,
    ...(schema === undefined ? {} : { schema: schemas.refOf(schema) }),
    ...(itemSchema === undefined ? {} : { itemSchema: schemas.refOf(itemSchema) }),
    ...(isForm && encoding.size > 0 ? { encoding: encodingsOf(encoding) } : {}),
    ...(isForm && schema !== undefined ? { shape: schemas.shapeOf(schema) } : {}),
  };
}

const typeOf = ({ type, subtype }: MediaType): string => `${type}/${subtype}`;

function encodingsOf(encoding: MediaType["encoding"]): Readonly<Record<string, PlannedEncoding>> {
  return Object.fromEntries(
    Array.from(encoding, ([name, { contentType, style, explode }]) => [
      name,
      {
        ...(contentType === undefined ? {} : { contentType }),
        ...(style === undefined ? {} : { style }),
        explode,
      },
    ]),
  );
}
