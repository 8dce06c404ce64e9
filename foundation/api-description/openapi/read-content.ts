/** Media types, how their parts are encoded, and headers. */
import { defaultExplode, STYLES, type Style } from "#foundation/api-parameters";
import type { Encoding, Header, MediaType, SchemaPart } from "../model.ts";
import { once, type Reading } from "../reading.ts";
import { child, entriesOf, flagAt, type Part, placeOf, textAt } from "../references/part.ts";
import { shown } from "../references/resolver.ts";

/** A media range: token "/" token, and parameters (RFC 9110 §8.3.1, §12.5.1). */
const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const MEDIA_RANGE = new RegExp(`^(${TOKEN})/(${TOKEN})((?:[ \\t]*;[ \\t]*${TOKEN}=(?:${TOKEN}|"[^"]*"))*)[ \\t]*$`);

/** The entries of `content`. */
export function readContent(part: Part | undefined, reading: Reading): readonly MediaType[] {
  return entriesOf(part).flatMap(([name, entry]) => readMediaType(name, entry, reading) ?? []);
}

function readMediaType(name: string, entry: Part, reading: Reading): MediaType | undefined {
  if (name.startsWith("x-") && !name.includes("/")) return undefined;
  const range = parseMediaRange(name);
  if (range === undefined) {
    const hint = "It is written like application/json, text/* or */*.";
    reading.diagnostics.report("E1004", entry, `${shown(name)} is no media type.`, { at: "key", hint });
    return undefined;
  }
  const part = reading.resolver.follow(entry);
  if (part === undefined) return undefined;
  return once(reading.shared.mediaTypes, part, ` ${name}`, reading, () => ({
    mediaType: name,
    ...range,
    schema: schemaAt(part, "schema", reading),
    itemSchema: reading.version === "3.2" ? schemaAt(part, "itemSchema", reading) : undefined,
    encoding: readEncodings(child(part, "encoding"), reading),
    at: placeOf(part),
  }));
}

export function parseMediaRange(text: string): Pick<MediaType, "type" | "subtype" | "parameters"> | undefined {
  const match = MEDIA_RANGE.exec(text);
  if (match === null) return undefined;
  const [, type = "", subtype = "", rest = ""] = match;
  if (type === "*" && subtype !== "*") return undefined;
  const parameters = new Map<string, string>();
  for (const [, name = "", value = ""] of rest.matchAll(/;[ \t]*([^=;\s]+)=("[^"]*"|[^;\s]+)/g)) {
    parameters.set(name.toLowerCase(), value.replace(/^"(.*)"$/, "$1"));
  }
  return { type: type.toLowerCase(), subtype: subtype.toLowerCase(), parameters };
}

export function schemaAt(part: Part | undefined, key: string, { schemas }: Reading): SchemaPart | undefined {
  const schema = child(part, key);
  return schema === undefined ? undefined : schemas.partOf(schema);
}

function readEncodings(part: Part | undefined, reading: Reading): ReadonlyMap<string, Encoding> {
  return new Map(entriesOf(part).map(([name, entry]) => [name, readEncoding(entry, reading)]));
}

function readEncoding(part: Part, reading: Reading): Encoding {
  const style = styleAt(part);
  return {
    contentType: textAt(part, "contentType"),
    headers: readHeaders(child(part, "headers"), reading),
    style,
    explode: flagAt(part, "explode") ?? defaultExplode(style ?? "form"),
    allowReserved: flagAt(part, "allowReserved") ?? false,
    at: placeOf(part),
  };
}

export function styleAt(part: Part): Style | undefined {
  const style = textAt(part, "style");
  return STYLES.find((one) => one === style);
}

/** Of responses and of parts; Content-Type is described by media types instead (OpenAPI §4.8.17). */
export function readHeaders(part: Part | undefined, reading: Reading): readonly Header[] {
  return entriesOf(part).flatMap(([name, entry]) =>
    name.toLowerCase() === "content-type" ? [] : (readHeader(name, entry, reading) ?? []),
  );
}

function readHeader(name: string, entry: Part, reading: Reading): Header | undefined {
  const part = reading.resolver.follow(entry);
  if (part === undefined) return undefined;
  return once(reading.shared.headers, part, ` ${name}`, reading, () => ({
    name,
    required: flagAt(part, "required") ?? false,
    explode: flagAt(part, "explode") ?? false,
    ...readValue(part, reading, "A header"),
    at: placeOf(part),
  }));
}

/** The schema or the one media type that a parameter or a header has. */
export function readValue(part: Part, reading: Reading, called: string): Pick<Header, "schema" | "content"> {
  const { diagnostics } = reading;
  const content = child(part, "content");
  const schema = schemaAt(part, "schema", reading);
  if (content === undefined) {
    if (schema === undefined) {
      const hint = "An empty schema, {}, allows everything.";
      diagnostics.report("E1004", part, `${called} needs a schema, or content.`, { hint });
    }
    return { schema };
  }
  if (schema !== undefined)
    diagnostics.report("E1004", content, `${called} has a schema or content, not both.`, { at: "key" });
  const entries = entriesOf(content);
  if (entries.length !== 1) {
    diagnostics.report(
      "E1004",
      content,
      `The content of ${called.toLowerCase()} is one media type, not ${entries.length}.`,
      { at: "key" },
    );
  }
  return { content: readContent(content, reading)[0] };
}
