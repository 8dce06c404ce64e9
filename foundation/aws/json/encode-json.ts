/**
 * Outputs to JSON text, by shape: only modelled members are written, absent ones are left out.
 *
 * Encoders are closures made when a shape is first used. They throw `TypeError` on a value that is not of its shape: a defect of the service.
 */

import {
  isInResponseBody,
  type ListShape,
  type MapShape,
  type Member,
  type Shape,
  type StructureShape,
  type TimestampFormat,
} from "../model/shapes.ts";
import { encodeBase64 } from "../values/base64.ts";
import { mismatch } from "../values/mismatch.ts";
import { formatNumber } from "../values/numbers.ts";
import { isRecord } from "../values/records.ts";
import { formatDateTime } from "../values/timestamps.ts";
import { JsonText } from "./json-text.ts";

/** Writes a value that is neither undefined nor null. */
export type JsonEncoder = (value: unknown) => string;

export interface JsonEncoders {
  structure(shape: StructureShape): JsonEncoder;
  member(member: Member): JsonEncoder;
  /** Encoder of the members of a structure that travel in the body. */
  body(shape: StructureShape): JsonEncoder;
}

/** Makes the encoders of one protocol; see `createJsonDecoders`. */
export function createJsonEncoders(useJsonName: boolean): JsonEncoders {
  const encoders = new WeakMap<Shape, JsonEncoder>();
  const bodies = new WeakMap<Shape, JsonEncoder>();

  const ofShape = (shape: Shape): JsonEncoder => {
    let encoder = encoders.get(shape);
    if (encoder === undefined) {
      encoder = compile(shape);
      encoders.set(shape, encoder);
    }
    return encoder;
  };

  /** Looks the encoder up at each use until it is known, so that a shape may contain itself. */
  const lazily = (shape: Shape): JsonEncoder => {
    let encoder: JsonEncoder | undefined;
    return (value) => {
      encoder ??= ofShape(shape);
      return encoder(value);
    };
  };

  const ofMember = (member: Member): JsonEncoder => {
    const { shape } = member;
    if (shape.kind === "timestamp") return timestampEncoder(member.timestampFormat ?? shape.format);
    if (shape.kind === "structure" || shape.kind === "union" || shape.kind === "list" || shape.kind === "map") {
      return lazily(shape);
    }
    return ofShape(shape);
  };

  const compile = (shape: Shape): JsonEncoder => {
    switch (shape.kind) {
      case "structure":
      case "union":
        return structureEncoder(shape, shape.members);
      case "list":
        return listEncoder(shape);
      case "map":
        return mapEncoder(shape);
      case "timestamp":
        return timestampEncoder(shape.format);
      default:
        return scalarEncoders[shape.kind];
    }
  };

  const structureEncoder = (shape: StructureShape, members: readonly Member[]): JsonEncoder => {
    const byName: Record<string, { readonly prefix: string; readonly encode: JsonEncoder } | undefined> =
      Object.create(null);
    for (const member of members) {
      const wireName = (useJsonName ? member.jsonName : undefined) ?? member.name;
      byName[member.name] = { prefix: `${JSON.stringify(wireName)}:`, encode: ofMember(member) };
    }
    return (value) => {
      if (!isRecord(value)) throw mismatch(shape, value);
      if (value instanceof JsonText) return value.text;
      if (shape.opaque === true) return JSON.stringify(value);
      let text = "";
      for (const key in value) {
        const item = value[key];
        if (item === undefined || item === null) continue;
        const member = byName[key];
        if (member === undefined) continue;
        const encoded = member.prefix + member.encode(item);
        text = text === "" ? encoded : `${text},${encoded}`;
      }
      return `{${text}}`;
    };
  };

  const listEncoder = (shape: ListShape): JsonEncoder => {
    const encode = ofMember(shape.element);
    return (value) => {
      if (value instanceof JsonText) return value.text;
      if (!Array.isArray(value)) throw mismatch(shape, value);
      let text = "";
      let first = true;
      for (const item of value) {
        if (item === undefined || (item === null && !shape.sparse)) continue;
        const encoded = item === null ? "null" : encode(item);
        text = first ? encoded : `${text},${encoded}`;
        first = false;
      }
      return `[${text}]`;
    };
  };

  const mapEncoder = (shape: MapShape): JsonEncoder => {
    const encode = ofMember(shape.value);
    return (value) => {
      if (!isRecord(value)) throw mismatch(shape, value);
      if (value instanceof JsonText) return value.text;
      let text = "";
      for (const key in value) {
        const item = value[key];
        if (item === undefined || (item === null && !shape.sparse)) continue;
        const encoded = `${JSON.stringify(key)}:${item === null ? "null" : encode(item)}`;
        text = text === "" ? encoded : `${text},${encoded}`;
      }
      return `{${text}}`;
    };
  };

  return {
    structure: ofShape,
    member: ofMember,
    body(shape) {
      let encoder = bodies.get(shape);
      if (encoder === undefined) {
        encoder = structureEncoder(shape, shape.members.filter(isInResponseBody));
        bodies.set(shape, encoder);
      }
      return encoder;
    },
  };
}

const scalarEncoders: Readonly<
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
    JsonEncoder
  >
> = {
  string(value) {
    if (typeof value !== "string") throw mismatch("string", value);
    return JSON.stringify(value);
  },
  boolean(value) {
    if (typeof value !== "boolean") throw mismatch("boolean", value);
    return value ? "true" : "false";
  },
  number: numberText,
  integer: numberText,
  float: numberText,
  bigInteger(value) {
    if (typeof value !== "bigint" && typeof value !== "number") throw mismatch("bigInteger", value);
    return formatNumber(value);
  },
  bigDecimal(value) {
    if (typeof value === "number") return formatNumber(value);
    // The text goes out as it stands, so it must be a JSON number and nothing else.
    if (typeof value !== "string" || !/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(value)) {
      throw mismatch("bigDecimal", value);
    }
    return value;
  },
  blob(value) {
    if (!(value instanceof Uint8Array)) throw mismatch("blob", value);
    return `"${encodeBase64(value)}"`;
  },
  // Base64 has no character that JSON escapes.
  base64(value) {
    if (typeof value !== "string") throw mismatch("base64", value);
    return `"${value}"`;
  },
  document: (value) => JSON.stringify(value) ?? "null",
};

function numberText(value: unknown): string {
  if (typeof value !== "number") throw mismatch("number", value);
  return Number.isFinite(value) ? String(value) : `"${value}"`;
}

function timestampEncoder(format: TimestampFormat): JsonEncoder {
  return (value) => {
    if (!(value instanceof Date)) throw mismatch("timestamp", value);
    switch (format) {
      case "default":
      case "epoch-seconds":
        return String(value.getTime() / 1000);
      case "date-time":
        return `"${formatDateTime(value, "when-present")}"`;
      case "http-date":
        return `"${value.toUTCString()}"`;
    }
  };
}
