/**
 * JSON to inputs, by shape: types are checked, unknown members dropped, blobs and timestamps converted.
 *
 * Parsed JSON belongs to the decoder: a value that is right as it stands is not copied, so that an item of a table costs one look at each of its
 * attributes. Decoders are closures made when a shape is first used. Messages have the form in which AWS's JSON services report a value of the wrong type.
 */

import type { ListShape, MapShape, Member, Shape, StructureShape, TimestampFormat } from "../model/shapes.ts";
import { decodeBase64 } from "../values/base64.ts";
import { maxNesting } from "../values/limits.ts";
import { MalformedInput } from "../values/malformed-input.ts";
import { specialNumber } from "../values/numbers.ts";
import { setOwn } from "../values/records.ts";
import { epochSecondsToDate, parseTimestamp } from "../values/timestamps.ts";
import { NumberText } from "./number-text.ts";

/** Turns a parsed JSON value (never null) into a value of the shape. Throws `MalformedInput`. */
export type JsonDecoder = (value: unknown, depth: number) => unknown;

export interface JsonDecoders {
  /** Decoder of a whole structure. */
  structure(shape: StructureShape): JsonDecoder;
  /** Decoder of one member's value, with the member's own timestamp format. */
  member(member: Member): JsonDecoder;
  /** Decoder of the members of a structure that travel in the body. */
  body(shape: StructureShape): JsonDecoder;
}

/**
 * Makes the decoders of one protocol.
 *
 * @param useJsonName whether members go by their `jsonName` (restJson1) or by their own name (awsJson)
 */
export function createJsonDecoders(useJsonName: boolean): JsonDecoders {
  const decoders = new WeakMap<Shape, JsonDecoder>();
  const bodies = new WeakMap<Shape, JsonDecoder>();

  const ofShape = (shape: Shape): JsonDecoder => {
    let decoder = decoders.get(shape);
    if (decoder === undefined) {
      decoder = compile(shape);
      decoders.set(shape, decoder);
    }
    return decoder;
  };

  /** Looks the decoder up at each use until it is known, so that a shape may contain itself. */
  const lazily = (shape: Shape): JsonDecoder => {
    let decoder: JsonDecoder | undefined;
    return (value, depth) => {
      decoder ??= ofShape(shape);
      return decoder(value, depth);
    };
  };

  const ofMember = (member: Member): JsonDecoder => {
    const { shape } = member;
    if (shape.kind === "timestamp") return timestampDecoder(member.timestampFormat ?? shape.format);
    if (shape.kind === "structure" || shape.kind === "union" || shape.kind === "list" || shape.kind === "map") {
      return lazily(shape);
    }
    return ofShape(shape);
  };

  const compile = (shape: Shape): JsonDecoder => {
    switch (shape.kind) {
      case "structure":
      case "union":
        return structureDecoder(shape, shape.members);
      case "list":
        return listDecoder(shape);
      case "map":
        return mapDecoder(shape);
      case "timestamp":
        return timestampDecoder(shape.format);
      default:
        return scalarDecoders[shape.kind];
    }
  };

  const structureDecoder = (shape: StructureShape, members: readonly Member[]): JsonDecoder => {
    if (shape.opaque === true) return (value) => objectOf(shape, value);
    const byName: Record<string, { readonly name: string; readonly decode: JsonDecoder } | undefined> =
      Object.create(null);
    for (const member of members) {
      const wireName = (useJsonName ? member.jsonName : undefined) ?? member.name;
      byName[wireName] = { name: member.name, decode: ofMember(member) };
    }
    return (value, depth) => {
      const source = objectOf(shape, value);
      checkDepth(depth);
      let output: Record<string, unknown> | undefined;
      for (const key in source) {
        const member = byName[key];
        const item = source[key];
        const decoded = member === undefined || item === null ? undefined : member.decode(item, depth + 1);
        if (output === undefined) {
          if (decoded === item && key === member?.name) continue;
          output = entriesBefore(key, source);
        }
        if (member !== undefined && decoded !== undefined) output[member.name] = decoded;
      }
      return output ?? source;
    };
  };

  const listDecoder = (shape: ListShape): JsonDecoder => {
    const decode = ofMember(shape.element);
    return (value, depth) => {
      if (!Array.isArray(value)) throw typeof value === "object" ? startOfStructure() : unexpected();
      checkDepth(depth);
      let output: unknown[] | undefined;
      for (let index = 0; index < value.length; index++) {
        const item: unknown = value[index];
        const decoded = item === null ? undefined : decode(item, depth + 1);
        if (output === undefined) {
          if (decoded === item || (item === null && shape.sparse)) continue;
          output = value.slice(0, index);
        }
        if (decoded !== undefined) output.push(decoded);
        else if (shape.sparse) output.push(null);
      }
      return output ?? value;
    };
  };

  const mapDecoder = (shape: MapShape): JsonDecoder => {
    const decode = ofMember(shape.value);
    return (value, depth) => {
      if (typeof value !== "object" || value === null || value instanceof NumberText) throw unexpected();
      if (Array.isArray(value)) {
        throw new MalformedInput(
          `Unrecognized collection type java.util.Map<java.lang.String, ${shape.value.shape.name}>`,
        );
      }
      checkDepth(depth);
      const source = value as Record<string, unknown>;
      let output: Record<string, unknown> | undefined;
      for (const key in source) {
        const item = source[key];
        const decoded = item === null ? undefined : decode(item, depth + 1);
        if (output === undefined) {
          if (decoded === item || (item === null && shape.sparse)) continue;
          output = entriesBefore(key, source);
        }
        if (decoded !== undefined) setOwn(output, key, decoded);
        else if (shape.sparse) setOwn(output, key, null);
      }
      return output ?? source;
    };
  };

  return {
    structure: ofShape,
    member: ofMember,
    body(shape) {
      let decoder = bodies.get(shape);
      if (decoder === undefined) {
        decoder = structureDecoder(
          shape,
          shape.members.filter((member) => member.location.in === "body"),
        );
        bodies.set(shape, decoder);
      }
      return decoder;
    },
  };
}

function objectOf(shape: StructureShape, value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null || value instanceof NumberText) throw unexpected();
  if (Array.isArray(value)) throw new MalformedInput(`Unrecognized collection type class ${shape.name}`);
  return value as Record<string, unknown>;
}

/** A copy of the entries that stand before `end`: those that were right as they stood. */
function entriesBefore(end: string, source: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const output: Record<string, unknown> = {};
  for (const key in source) {
    if (key === end) break;
    setOwn(output, key, source[key]);
  }
  return output;
}

function checkDepth(depth: number): void {
  if (depth > maxNesting) throw new MalformedInput("Nesting levels exceed the supported limit");
}

function unexpected(): MalformedInput {
  return new MalformedInput("Unexpected field type");
}

function startOfStructure(): MalformedInput {
  return new MalformedInput("Start of structure or map found where not expected.");
}

/** The error of a value that cannot be of the scalar type `target`. */
function cannotConvert(value: unknown, target: string): MalformedInput {
  if (value instanceof NumberText) return new MalformedInput(`NUMBER_VALUE cannot be converted to ${target}`);
  switch (typeof value) {
    case "boolean":
      return new MalformedInput(`${value ? "TRUE" : "FALSE"}_VALUE cannot be converted to ${target}`);
    case "number":
      return new MalformedInput(
        `${Number.isInteger(value) ? "NUMBER" : "DECIMAL"}_VALUE cannot be converted to ${target}`,
      );
    case "string":
      return new MalformedInput(`STRING_VALUE cannot be converted to ${target}`);
    default:
      return Array.isArray(value)
        ? new MalformedInput(`Unrecognized collection type class java.lang.${target}`)
        : startOfStructure();
  }
}

const scalarDecoders: Readonly<
  Record<
    | "string"
    | "boolean"
    | "number"
    | "integer"
    | "float"
    | "bigInteger"
    | "bigDecimal"
    | "blob"
    | "base64"
    | "document",
    JsonDecoder
  >
> = {
  string(value) {
    if (typeof value !== "string") throw cannotConvert(value, "String");
    return value;
  },
  boolean(value) {
    if (typeof value !== "boolean") throw cannotConvert(value, "Boolean");
    return value;
  },
  number: (value) => toFloat(value, "Double"),
  float: (value) => toFloat(value, "Double"),
  integer(value) {
    // AWS's services cut fractions off rather than refuse them.
    if (typeof value !== "number") throw cannotConvert(value, "Integer");
    return Math.trunc(value);
  },
  bigInteger(value) {
    const text = value instanceof NumberText ? value.text : typeof value === "number" ? String(value) : undefined;
    if (text === undefined || !/^-?\d+$/.test(text)) throw cannotConvert(value, "BigInteger");
    return BigInt(text);
  },
  bigDecimal(value) {
    if (value instanceof NumberText) return value.text;
    if (typeof value !== "number") throw cannotConvert(value, "BigDecimal");
    return String(value);
  },
  blob(value) {
    return decodeBase64(base64Text(value)) ?? refuseBase64(String(value));
  },
  base64: base64Text,
  document: (value) => value,
};

function base64Text(value: unknown): string {
  if (typeof value === "string") return value;
  throw typeof value === "object"
    ? cannotConvert(value, "ByteBuffer")
    : new MalformedInput("only base-64-encoded strings are convertible to bytes");
}

function refuseBase64(text: string): never {
  throw new MalformedInput(
    text.length % 4 === 0
      ? "Invalid Base64 character"
      : `Base64 encoded length is expected a multiple of 4 bytes but found: ${text.length}`,
  );
}

function toFloat(value: unknown, target: string): number {
  if (typeof value === "number") return value;
  const special = typeof value === "string" ? specialNumber(value) : undefined;
  if (special === undefined) throw cannotConvert(value, target);
  return special;
}

function timestampDecoder(format: TimestampFormat): JsonDecoder {
  if (format === "default" || format === "epoch-seconds") {
    return (value) => {
      if (typeof value !== "number") throw cannotConvert(value, "Date");
      const date = epochSecondsToDate(value);
      if (date === undefined) throw cannotConvert(value, "Date");
      return date;
    };
  }
  return (value) => {
    if (typeof value !== "string") throw cannotConvert(value, "Date");
    const date = parseTimestamp(value, format);
    if (date === undefined) throw cannotConvert(value, "Date");
    return date;
  };
}
