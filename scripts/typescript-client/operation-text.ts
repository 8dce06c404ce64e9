/** One operation of an OpenAPI document as TypeScript: a constant with its path, a type of its parameters, and its methods. Pure. */
import type { OperationObject, Parameter } from "./api-document.ts";
import { allName, followName, methodName } from "./method-name.ts";
import { comment, type JsonSchema, memberName, typeOf } from "./schema-type.ts";

/** How pages name the next one, and the parameter that takes it. */
const PAGES: Readonly<Record<string, string>> = { next: "after", next_cursor: "cursor" };

const OCTETS = "application/octet-stream";

export interface MethodText {
  readonly name: string;
  readonly text: string;
}

export interface OperationText {
  readonly constant: string;
  /** "" when it takes none. */
  readonly parameters: string;
  readonly methods: readonly MethodText[];
}

/** @throws Error when no method can be made of it */
export function operationText(path: string, method: string, tag: string, operation: OperationObject): OperationText {
  const { operationId: id, parameters = [], requestBody } = operation;
  const inQuery = parameters.filter((one) => one.in === "query");
  const body = bodyType(operation);
  const typeName = `${id[0]!.toUpperCase()}${id.slice(1)}Parameters`;
  const members = [
    ...parameters.filter((one) => one.in === "path").map((one) => member(one, true)),
    // Whether to follow is said by which method is called.
    ...inQuery.filter(({ name }) => name !== "follow").map((one) => member(one, one.required === true)),
    ...(body === undefined ? [] : [`${comment(requestBody?.description, "  ")}  readonly body: ${body};\n`]),
  ];
  const isNeeded = body !== undefined || parameters.some((one) => one.in === "path" || one.required === true);
  const takesParameters = members.length > 0;
  const taken = takesParameters ? [`parameters: ${typeName}${isNeeded ? "" : " = {}"}`] : [];
  const signature = [...taken, "options: CallOptions = {}"].join(", ");
  return {
    constant: constantOf(path, method, operation),
    parameters: takesParameters ? `/** Of \`${id}\`. */\nexport interface ${typeName} {\n${members.join("")}}\n` : "",
    methods: methodsOf(tag, operation, signature, takesParameters),
  };
}

/** Undefined: it takes none. @throws Error for a body that no client can send */
function bodyType({ operationId, requestBody }: OperationObject): string | undefined {
  if (requestBody === undefined) return undefined;
  if (requestBody.content[OCTETS] !== undefined) return "Uint8Array<ArrayBuffer>";
  const schema = requestBody.content["application/json"]?.schema;
  if (schema === undefined) throw new Error(`${operationId} takes something else than JSON or octets`);
  return typeOf(schema, "  ");
}

function constantOf(path: string, method: string, operation: OperationObject): string {
  const { operationId, parameters = [], requestBody, security } = operation;
  const query = parameters.filter((one) => one.in === "query").map(({ name }) => name);
  const isKeyed = parameters.some((one) => one.in === "header" && one.name === "Idempotency-Key");
  const members = [
    `method: "${method}"`,
    `path: ${JSON.stringify(path)}`,
    ...(query.length === 0 ? [] : [`query: ${JSON.stringify(query)}`]),
    ...(isKeyed ? ["keyed: true"] : []),
    ...(requestBody?.content[OCTETS] === undefined ? [] : ["octets: true"]),
    ...(security?.length === 0 ? ["public: true"] : []),
  ];
  return `  ${operationId}: { ${members.join(", ")} },\n`;
}

function methodsOf(
  tag: string,
  operation: OperationObject,
  signature: string,
  takesParameters: boolean,
): readonly MethodText[] {
  const { operationId: id, parameters = [] } = operation;
  const name = methodName(tag, id);
  const { contentType, schema } = answerOf(operation);
  const said = documentation(operation);
  const given = takesParameters ? "parameters as unknown as Parameters" : "{}";
  const call = (kind: string, with_ = given): string => `this.#transport.${kind}(OPERATIONS.${id}, ${with_}, options`;
  const lines = (said: string, name: string, items: JsonSchema, call: string): MethodText => ({
    name,
    text: `${said}  ${name}(${signature}): AsyncGenerator<${typeOf(items, "  ")}, void, undefined> {\n    return ${call} as AsyncGenerator<never, void, undefined>;\n  }\n`,
  });
  if (contentType === "application/x-ndjson") return [lines(said, name, schema, `${call("lines")})`)];
  if (contentType === OCTETS) {
    const text = `${said}  ${name}(${signature}): Promise<Uint8Array<ArrayBuffer>> {\n    return ${call("octets")});\n  }\n`;
    return [{ name, text }];
  }
  if (contentType !== "application/json") {
    const text = `${said}  ${name}(${signature}): Promise<string> {\n    return ${call("text")});\n  }\n`;
    return [{ name, text }];
  }
  const type = typeOf(schema, "  ");
  const text = `${said}  ${name}(${signature}): Promise<${type}> {\n    return ${call("json")}) as Promise<never>;\n  }\n`;
  const methods: MethodText[] = [{ name, text }];
  const items = itemsOf(schema);
  if (items === undefined) return methods;
  const query = parameters.filter((one) => one.in === "query").map((one) => one.name);
  const next = Object.keys(PAGES).find((name) => Object.hasOwn((schema.properties ?? {}) as object, name));
  if (next !== undefined && query.includes(PAGES[next]!)) {
    const said = `  /** Items of all pages of \`${name}\`, fetched as they are needed. */\n`;
    const ends = `${call("items")}, ${JSON.stringify(next)}, ${JSON.stringify(PAGES[next])})`;
    methods.push(lines(said, allName(name), items, ends));
  }
  if (query.includes("follow")) {
    const said = `  /** As \`${name}\`, and then what is new, until the loop is left. */\n`;
    const ends = `${call("lines", takesParameters ? "{ ...parameters, follow: true }" : "{ follow: true }")})`;
    methods.push(lines(said, followName(name), items, ends));
  }
  return methods;
}

function documentation(operation: OperationObject): string {
  const scope = operation["x-scope"];
  const texts = [
    operation.summary,
    operation.description,
    scope === undefined ? undefined : `Needs: ${scope}.`,
    `Operation \`${operation.operationId}\`.`,
  ];
  return comment(texts.filter((text) => text !== undefined).join(" "), "  ");
}

function member({ name, description, schema }: Parameter, isRequired: boolean): string {
  return `${comment(description, "  ")}  readonly ${memberName(name)}${isRequired ? "" : "?"}: ${typeOf(schema, "  ")};\n`;
}

function answerOf({ operationId, responses }: OperationObject): {
  readonly contentType: string;
  readonly schema: JsonSchema;
} {
  const success = Object.entries(responses).find(([status]) => status.startsWith("2"))?.[1];
  const [contentType, media] = Object.entries(success?.content ?? {})[0] ?? [];
  if (contentType === undefined || media === undefined) throw new Error(`${operationId} does not say what it answers`);
  return { contentType, schema: media.schema };
}

function itemsOf({ properties }: JsonSchema): JsonSchema | undefined {
  const { items } = (properties ?? {}) as { readonly items?: JsonSchema };
  return items?.type === "array" ? (items.items as JsonSchema) : undefined;
}
