/**
 * XML elements to inputs, by shape. Unknown elements are passed over; a value that is not of its type, or an element that stands twice where
 * one belongs, is `MalformedInput`.
 */

import type { ListShape, MapShape, Member, Shape, StructureShape, TimestampFormat } from "../model/shapes.ts";
import { decodeBase64 } from "../values/base64.ts";
import { MalformedInput } from "../values/malformed-input.ts";
import { parseNumber } from "../values/numbers.ts";
import { setOwn } from "../values/records.ts";
import { parseTimestamp } from "../values/timestamps.ts";
import type { XmlElement } from "./parse-xml.ts";

type ElementDecoder = (element: XmlElement) => unknown;

const decoders = new WeakMap<Shape, ElementDecoder>();

/** Decodes an element as a value of the shape. */
export function decodeXml(shape: Shape, element: XmlElement): unknown {
  return decoderOf(shape)(element);
}

function decoderOf(shape: Shape): ElementDecoder {
  let decoder = decoders.get(shape);
  if (decoder === undefined) {
    decoder = compile(shape);
    decoders.set(shape, decoder);
  }
  return decoder;
}

function compile(shape: Shape): ElementDecoder {
  switch (shape.kind) {
    case "structure":
    case "union":
      return structureDecoder(shape);
    case "list":
      return listDecoder(shape);
    case "map":
      return mapDecoder(shape);
    default: {
      const decode = textDecoder(shape);
      return (element) => {
        if (element.children.length > 0) throw new MalformedInput(`<${element.name}> holds elements`);
        return decode(element.text);
      };
    }
  }
}

/** How the elements of one name go into a structure. */
interface MemberDecoder {
  readonly name: string;
  /** A value, the elements so far, or a map being filled. */
  add(output: Record<string, unknown>, element: XmlElement): void;
}

function structureDecoder(shape: StructureShape): ElementDecoder {
  const byElement: Record<string, MemberDecoder | undefined> = Object.create(null);
  const attributes: { readonly name: string; readonly wireName: string; readonly decode: (text: string) => unknown }[] =
    [];
  for (const member of shape.members) {
    const wireName = member.xmlName ?? member.name;
    if (member.xmlAttribute === true) {
      attributes.push({ name: member.name, wireName, decode: textDecoder(member.shape, member.timestampFormat) });
    } else {
      byElement[localName(wireName)] = memberDecoder(member);
    }
  }
  return (element) => {
    if (element.children.length > 0 && element.text !== "")
      throw new MalformedInput(`text beside elements in <${element.name}>`);
    if (element.children.length === 0 && element.text.trim() !== "") {
      throw new MalformedInput(`<${element.name}> holds text instead of elements`);
    }
    const output: Record<string, unknown> = {};
    for (const child of element.children) byElement[child.name]?.add(output, child);
    for (const attribute of attributes) {
      const found = element.attributes.find(([name]) => name === attribute.wireName);
      if (found !== undefined) output[attribute.name] = attribute.decode(found[1]);
    }
    return output;
  };
}

function memberDecoder(member: Member): MemberDecoder {
  const { name, shape } = member;
  const flat = member.flattened === true || ((shape.kind === "list" || shape.kind === "map") && shape.flattened);
  if (flat && shape.kind === "list") {
    const decode = lazily(shape.element);
    return {
      name,
      add(output, element) {
        const list = output[name];
        if (Array.isArray(list)) list.push(decode(element));
        else output[name] = [decode(element)];
      },
    };
  }
  if (flat && shape.kind === "map") {
    const addEntry = entryDecoder(shape);
    return {
      name,
      add(output, element) {
        const map = (output[name] ?? {}) as Record<string, unknown>;
        addEntry(map, element);
        output[name] = map;
      },
    };
  }
  const decode = lazily(member);
  return {
    name,
    add(output, element) {
      if (output[name] !== undefined) throw new MalformedInput(`<${element.name}> stands twice`);
      output[name] = decode(element);
    },
  };
}

/** Looks the decoder up at each use until it is known, so that a shape may contain itself. */
function lazily(member: Member): ElementDecoder {
  const { shape } = member;
  if (shape.kind === "timestamp") {
    const decode = textDecoder(shape, member.timestampFormat);
    return (element) => decode(element.text);
  }
  let decoder: ElementDecoder | undefined;
  return (element) => {
    decoder ??= decoderOf(shape);
    return decoder(element);
  };
}

function listDecoder(shape: ListShape): ElementDecoder {
  const wireName = localName(shape.element.xmlName ?? "member");
  const decode = lazily(shape.element);
  return (element) => {
    const output: unknown[] = [];
    for (const child of element.children) if (child.name === wireName) output.push(decode(child));
    return output;
  };
}

function mapDecoder(shape: MapShape): ElementDecoder {
  const addEntry = entryDecoder(shape);
  return (element) => {
    const output: Record<string, unknown> = {};
    for (const child of element.children) if (child.name === "entry") addEntry(output, child);
    return output;
  };
}

function entryDecoder(shape: MapShape): (output: Record<string, unknown>, entry: XmlElement) => void {
  const keyName = localName(shape.key.xmlName ?? "key");
  const valueName = localName(shape.value.xmlName ?? "value");
  const decode = lazily(shape.value);
  return (output, entry) => {
    const key = entry.children.find((child) => child.name === keyName);
    const value = entry.children.find((child) => child.name === valueName);
    if (key === undefined || value === undefined) throw new MalformedInput(`<${entry.name}> is no entry`);
    setOwn(output, key.text, decode(value));
  };
}

/** Reads simple values from text; also for attributes. */
export function textDecoder(shape: Shape, format?: TimestampFormat): (text: string) => unknown {
  switch (shape.kind) {
    case "string":
      return (text) => text;
    case "boolean":
      return (text) => {
        const trimmed = text.trim();
        if (trimmed === "true" || trimmed === "1") return true;
        if (trimmed === "false" || trimmed === "0") return false;
        throw wrongValue(text, "a boolean");
      };
    case "number":
    case "integer":
    case "float":
    case "bigInteger":
    case "bigDecimal":
      return (text) => {
        const number = parseNumber(text.trim(), shape.kind);
        if (number === undefined) throw wrongValue(text, "a number");
        return number;
      };
    case "timestamp": {
      const own = format ?? shape.format;
      const actual = own === "default" ? "date-time" : own;
      return (text) => {
        const date = parseTimestamp(text.trim(), actual);
        if (date === undefined) throw wrongValue(text, "a timestamp");
        return date;
      };
    }
    case "blob":
      return (text) => {
        const bytes = decodeBase64(text.replace(/\s+/g, ""));
        if (bytes === undefined) throw wrongValue(text, "base64");
        return bytes;
      };
    default:
      throw new Error(`${shape.kind} ${shape.name} is not text`);
  }
}

function wrongValue(text: string, expected: string): MalformedInput {
  return new MalformedInput(`the value is not ${expected}`, { value: text });
}

function localName(name: string): string {
  const colon = name.indexOf(":");
  return colon < 0 ? name : name.slice(colon + 1);
}
