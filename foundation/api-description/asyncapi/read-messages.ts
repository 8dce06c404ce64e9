/** Messages of an operation as media types of a body. */
import type { MediaType, SchemaPart } from "../model.ts";
import { parseMediaRange } from "../openapi/read-content.ts";
import type { Reading } from "../reading.ts";
import { child, entriesOf, itemsOf, type Part, placeOf, textAt } from "../references/part.ts";
import { shown } from "../references/resolver.ts";
import type { MadeSchemas } from "./made-schemas.ts";

/** AsyncAPI leaves it open; over HTTP it has to be one. */
const DEFAULT_CONTENT_TYPE = "application/json";

interface Message {
  readonly part: Part;
  readonly contentType: string;
  readonly schema: SchemaPart | undefined;
}

/** One entry for each content type; a body fits when it fits one of its messages. */
export function readMessageContent(
  name: string,
  operation: Part,
  channel: Part,
  made: MadeSchemas,
  reading: Reading,
): readonly MediaType[] {
  const chosen = child(operation, "messages");
  const entries =
    chosen === undefined ? entriesOf(child(channel, "messages")).map(([, entry]) => entry) : itemsOf(chosen);
  const messages = entries.flatMap((entry) => readMessage(entry, reading) ?? []);
  const byType = Map.groupBy(messages, ({ contentType }) => contentType);
  return [...byType].flatMap(([contentType, group]) => {
    const range = parseMediaRange(contentType);
    const { part } = group[0]!;
    if (range === undefined) {
      const place = child(part, "contentType") ?? part;
      reading.diagnostics.report("E1004", place, `${shown(contentType)} is no media type.`);
      return [];
    }
    const schema = schemaOf(`${name} ${contentType}`, group, made, operation);
    return { mediaType: contentType, ...range, schema, encoding: new Map(), at: placeOf(part) };
  });
}

function schemaOf(name: string, group: readonly Message[], made: MadeSchemas, operation: Part): SchemaPart | undefined {
  const schemas = group.flatMap(({ schema }) => schema ?? []);
  // A message without payload says nothing about the body.
  if (schemas.length < group.length) return undefined;
  return schemas.length === 1 ? schemas[0] : made.anyOf(name, schemas, placeOf(operation));
}

function readMessage(entry: Part, reading: Reading): Message | undefined {
  const { resolver, schemas, diagnostics, root } = reading;
  const part = resolver.follow(entry);
  if (part === undefined) return undefined;
  const traits = itemsOf(child(part, "traits")).flatMap((trait) => resolver.follow(trait) ?? []);
  const all = [part, ...traits];
  const contentType = all.map((one) => textAt(one, "contentType")).find((text) => text !== undefined);
  const headers = all.map((one) => child(one, "headers")).find((one) => one !== undefined);
  if (headers !== undefined) {
    diagnostics.report("W1010", headers, "Headers of messages are not checked.", { at: "key" });
  }
  const payload = child(part, "payload");
  const schema = child(payload, "schemaFormat") === undefined ? payload : child(payload, "schema");
  return {
    part,
    contentType: contentType ?? textAt(root, "defaultContentType") ?? DEFAULT_CONTENT_TYPE,
    schema: schema === undefined ? undefined : schemas.partOf(schema),
  };
}
