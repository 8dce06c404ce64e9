/** Values in HTTP headers, labels and query parameters: simple types, and lists of them in one header. */

import type { ListShape, Member, Shape, TimestampFormat } from "../model/shapes.ts";
import { decodeBase64, encodeBase64 } from "../values/base64.ts";
import { MalformedInput } from "../values/malformed-input.ts";
import { mismatch } from "../values/mismatch.ts";
import { formatNumber, parseNumber } from "../values/numbers.ts";
import { formatTimestamp, parseTimestamp } from "../values/timestamps.ts";

/** Default timestamp formats: HTTP-date in headers, date-time in labels and queries (Smithy, httpHeader and httpQuery traits). */
export type ValuePlace = "header" | "label" | "query";

/** Makes a reader of a simple value. Throws `MalformedInput` at use. */
export function textReader(member: Member, shape: Shape, place: ValuePlace): (text: string) => unknown {
  const fail = (text: string, expected: string): MalformedInput =>
    new MalformedInput(`${member.name} is not ${expected}`, { place, argument: wireName(member), value: text });
  switch (shape.kind) {
    case "string":
      if (place !== "header" || shape.mediaType === undefined) return (text) => text;
      return (text) => {
        const bytes = decodeBase64(text);
        if (bytes === undefined) throw fail(text, "base64");
        return new TextDecoder().decode(bytes);
      };
    case "boolean":
      return (text) => {
        if (text === "true" || text === "TRUE" || text === "True") return true;
        if (text === "false" || text === "FALSE" || text === "False") return false;
        throw fail(text, "a boolean");
      };
    case "number":
    case "integer":
    case "float":
    case "bigInteger":
    case "bigDecimal":
      return (text) => {
        const number = parseNumber(text.trim(), shape.kind);
        if (number === undefined) throw fail(text, shape.kind === "integer" ? "an integer" : "a number");
        return number;
      };
    case "timestamp": {
      const format = actualFormat(member.timestampFormat ?? shape.format, place);
      return (text) => {
        const date = parseTimestamp(text.trim(), format);
        if (date === undefined) throw fail(text, "a timestamp");
        return date;
      };
    }
    case "blob":
      return (text) => {
        const bytes = decodeBase64(text);
        if (bytes === undefined) throw fail(text, "base64");
        return bytes;
      };
    default:
      throw new Error(`a ${shape.kind} cannot travel in a ${place}`);
  }
}

/** Makes a writer of a simple value. Throws `TypeError` at use for a value that is not of its shape. */
export function textWriter(member: Member, shape: Shape, place: ValuePlace): (value: unknown) => string {
  switch (shape.kind) {
    case "string":
      return (value) => {
        if (typeof value !== "string") throw mismatch(shape, value);
        return place === "header" && shape.mediaType !== undefined ? encodeBase64(Buffer.from(value)) : value;
      };
    case "boolean":
      return (value) => {
        if (typeof value !== "boolean") throw mismatch(shape, value);
        return value ? "true" : "false";
      };
    case "number":
    case "integer":
    case "float":
    case "bigInteger":
    case "bigDecimal":
      return (value) => {
        if (typeof value !== "number" && typeof value !== "bigint" && typeof value !== "string") {
          throw mismatch(shape, value);
        }
        return formatNumber(value);
      };
    case "timestamp": {
      const format = actualFormat(member.timestampFormat ?? shape.format, place);
      return (value) => {
        if (!(value instanceof Date)) throw mismatch(shape, value);
        return formatTimestamp(value, format, "when-present");
      };
    }
    case "blob":
      return (value) => {
        if (!(value instanceof Uint8Array)) throw mismatch(shape, value);
        return encodeBase64(value);
      };
    default:
      throw new Error(`a ${shape.kind} cannot travel in a ${place}`);
  }
}

function actualFormat(format: TimestampFormat, place: ValuePlace): Exclude<TimestampFormat, "default"> {
  if (format !== "default") return format;
  return place === "header" ? "http-date" : "date-time";
}

function wireName(member: Member): string {
  const { location } = member;
  return location.in === "header" || location.in === "query" ? location.name : member.name;
}

/** Makes a reader of a list in one header: commas separate, double quotes protect, HTTP-dates hold one comma of their own. */
export function headerListReader(member: Member, shape: ListShape): (text: string) => unknown {
  const read = textReader(member, shape.element.shape, "header");
  const element = shape.element.shape;
  const dates =
    element.kind === "timestamp" &&
    actualFormat(shape.element.timestampFormat ?? element.format, "header") === "http-date";
  // RFC 9110 section 5.6.1: an empty list has no elements.
  return (text) => (text.trim() === "" ? [] : (dates ? splitHttpDates(text) : splitHeaderList(text)).map(read));
}

/** Makes a writer of a list in one header. Strings with commas or quotes are quoted. */
export function headerListWriter(shape: ListShape): (value: unknown) => string {
  const element = shape.element.shape;
  const write = textWriter(shape.element, element, "header");
  return (value) => {
    if (!Array.isArray(value)) throw mismatch(shape, value);
    return value
      .filter((item) => item !== null && item !== undefined)
      .map((item) => {
        const text = write(item);
        return element.kind === "string" && /[",]/.test(text) ? `"${text.replace(/["\\]/g, "\\$&")}"` : text;
      })
      .join(", ");
  };
}

function splitHttpDates(text: string): string[] {
  const parts = text.split(",");
  const dates: string[] = [];
  for (let index = 0; index < parts.length; index += 2) {
    const rest = parts[index + 1];
    dates.push((rest === undefined ? (parts[index] ?? "") : `${parts[index]},${rest}`).trim());
  }
  return dates;
}

/** RFC 9110 section 5.6: a list of tokens or quoted strings. */
export function splitHeaderList(text: string): string[] {
  const items: string[] = [];
  let item = "";
  let quoted = false;
  let wasQuoted = false;
  for (let index = 0; index < text.length; index++) {
    const character = text.charAt(index);
    if (quoted) {
      if (character === "\\" && index + 1 < text.length) {
        index += 1;
        item += text.charAt(index);
      } else if (character === '"') quoted = false;
      else item += character;
    } else if (character === '"' && item.trim() === "") {
      item = "";
      quoted = true;
      wasQuoted = true;
    } else if (character === ",") {
      items.push(wasQuoted ? item : item.trim());
      item = "";
      wasQuoted = false;
    } else if (!(wasQuoted && (character === " " || character === "\t"))) {
      item += character;
    }
  }
  items.push(wasQuoted ? item : item.trim());
  return items;
}
