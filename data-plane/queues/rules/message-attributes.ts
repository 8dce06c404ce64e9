/**
 * Attributes that a sender gives a message: checks, size, digest, and the text in which the engine keeps them.
 *
 * Source: SQS Developer Guide, "Amazon SQS message metadata".
 */
import { createHash } from "node:crypto";
import type { SQS } from "#foundation/aws";
import { invalidMessageContents, invalidParameter, unsupportedOperation } from "../errors.ts";
import { byteLength, isAllowedText } from "./message-text.ts";

export const ATTRIBUTES_MAX = 10;
const NAME_LENGTH_MAX = 256;
const TYPE_LENGTH_MAX = 256;

/** Name, data type and value; the value of a binary attribute is base64. One flat list, because it is written and read for every message. */
export type StoredAttribute = readonly [name: string, dataType: string, value: string];

const NAME = /^[A-Za-z0-9_.-]+$/;
const RESERVED = /^(?:aws|amazon)\./i;
const TYPE = /^(?:String|Number|Binary)(?:\..*)?$/s;
/** A decimal number. Digits beyond the 38 of SQS's precision are kept: the text is given back as it was sent. */
const NUMBER = /^[+-]?(?:\d{1,300}\.?\d{0,300}|\.\d{1,300})(?:[eE][+-]?\d{1,3})?$/;
const NUMBER_MAX = 1e126;
const NUMBER_MIN = 1e-128;
const OTHER_THAN_ZERO = /^[^eE]*[1-9]/;

/** SQS Developer Guide, "Message attribute data types": positive or negative, from 10^-128 to 10^+126, or zero. */
function isNumber(text: string): boolean {
  if (!NUMBER.test(text)) return false;
  if (!OTHER_THAN_ZERO.test(text)) return true;
  const size = Math.abs(Number(text));
  return size >= NUMBER_MIN && size <= NUMBER_MAX;
}

const isBinary = (dataType: string): boolean => dataType.startsWith("Binary");

/**
 * Checks a message's attributes.
 *
 * @returns in the order of the request; empty where there are none
 * @throws AwsError InvalidParameterValue, InvalidMessageContents, UnsupportedOperation
 */
export function checkMessageAttributes(
  given: Readonly<Record<string, SQS.MessageAttributeValue>> | undefined,
): readonly StoredAttribute[] {
  if (given === undefined) return NONE;
  const names = Object.keys(given);
  if (names.length > ATTRIBUTES_MAX) {
    throw invalidParameter(
      `Number of message attributes [${names.length}] exceeds the allowed maximum [${ATTRIBUTES_MAX}].`,
    );
  }
  return names.map((name) => checkAttribute(name, given[name]!));
}

const NONE: readonly StoredAttribute[] = [];

function checkAttribute(name: string, given: SQS.MessageAttributeValue): StoredAttribute {
  checkName(name);
  const dataType = given.DataType ?? "";
  checkType(name, dataType);
  if (isPresent(given.StringListValues) || isPresent(given.BinaryListValues)) {
    throw unsupportedOperation("Message attribute list values in SendMessage operation are not supported.");
  }
  if (isBinary(dataType)) {
    const value = given.BinaryValue as Uint8Array | undefined;
    if (value === undefined || value.length === 0) throw emptyValue(name, dataType);
    return [name, dataType, Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64")];
  }
  const value = given.StringValue;
  if (value === undefined || value === "") throw emptyValue(name, dataType);
  if (!isAllowedText(value)) throw invalidMessageContents();
  if (dataType.startsWith("Number") && !isNumber(value)) {
    throw invalidParameter(`Can't cast the value of message (user) attribute '${name}' to a number.`);
  }
  return [name, dataType, value];
}

const isPresent = (list: readonly unknown[] | undefined): boolean => list !== undefined && list.length > 0;

const emptyValue = (name: string, dataType: string) =>
  invalidParameter(`Message (user) attribute '${name}' must contain a non-empty value of type '${dataType}'.`);

function checkName(name: string): void {
  if (name.length > NAME_LENGTH_MAX) {
    throw invalidParameter(`Message (user) attribute name must be shorter than ${NAME_LENGTH_MAX} Bytes`);
  }
  if (!NAME.test(name)) {
    throw invalidParameter(
      `The message attribute name '${name}' is invalid. Attribute name can contain A-Z, a-z, 0-9, underscore (_), hyphen (-), and period (.) characters.`,
    );
  }
  if (RESERVED.test(name) || name.startsWith(".") || name.endsWith(".") || name.includes("..")) {
    throw invalidParameter(
      "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. These strings are reserved for internal use. Additionally, they cannot start or end with '.'.",
    );
  }
}

function checkType(name: string, dataType: string): void {
  if (dataType === "") {
    throw invalidParameter(`The message attribute '${name}' must contain non-empty message attribute type.`);
  }
  if (dataType.length > TYPE_LENGTH_MAX) {
    throw invalidParameter(
      `The message attribute '${name}' has an invalid message attribute type: it must be shorter than ${TYPE_LENGTH_MAX} Bytes.`,
    );
  }
  if (!TYPE.test(dataType) || !isAllowedText(dataType)) {
    throw invalidParameter(
      `The message attribute '${name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`,
    );
  }
}

/** The one attribute that goes in as a system attribute; it does not count towards the size of the message. */
const TRACE_HEADER = "AWSTraceHeader";

/** @returns the X-Ray header of a message @throws AwsError InvalidParameterValue */
export function checkSystemAttributes(
  given: Readonly<Record<string, SQS.MessageSystemAttributeValue | undefined>> | undefined,
): string | undefined {
  if (given === undefined) return undefined;
  for (const name of Object.keys(given)) {
    if (name !== TRACE_HEADER) {
      throw invalidParameter(`The message system attribute name '${name.slice(0, NAME_LENGTH_MAX)}' is invalid.`);
    }
  }
  const header = given[TRACE_HEADER];
  if (header === undefined) return undefined;
  const [, dataType, value] = checkAttribute(TRACE_HEADER, header);
  if (dataType !== "String") {
    throw invalidParameter(`The message system attribute '${TRACE_HEADER}' must be of type 'String'.`);
  }
  if (value.length > TRACE_HEADER_LENGTH_MAX) {
    throw invalidParameter(
      `The message system attribute '${TRACE_HEADER}' must be shorter than ${TRACE_HEADER_LENGTH_MAX} Bytes.`,
    );
  }
  return value;
}

/** X-Ray's own headers are under 200 characters; this bounds what stands outside the size of a message. */
const TRACE_HEADER_LENGTH_MAX = 1024;

/** What attributes add to the size of their message, in bytes: names, types and values. */
export function attributesSize(attributes: readonly StoredAttribute[]): number {
  let size = 0;
  for (const [name, dataType, value] of attributes) {
    size += name.length + byteLength(dataType);
    size += isBinary(dataType) ? Buffer.byteLength(value, "base64") : byteLength(value);
  }
  return size;
}

/**
 * `MD5OfMessageAttributes`: of every attribute in the order of names, the lengths (4 bytes, most significant first) and bytes of name, type and value, with one byte
 * before the value that says how it travelled (1 text, 2 binary).
 *
 * @returns undefined where there are no attributes
 */
export function attributesMd5(attributes: readonly StoredAttribute[]): string | undefined {
  if (attributes.length === 0) return undefined;
  const hash = createHash("md5");
  const length = Buffer.alloc(4);
  const part = (bytes: Buffer): void => {
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  };
  for (const [name, dataType, value] of [...attributes].sort(byName)) {
    const binary = isBinary(dataType);
    part(Buffer.from(name));
    part(Buffer.from(dataType));
    hash.update(binary ? BINARY_TRANSPORT : TEXT_TRANSPORT);
    part(Buffer.from(value, binary ? "base64" : "utf8"));
  }
  return hash.digest("hex");
}

const TEXT_TRANSPORT = Buffer.from([1]);
const BINARY_TRANSPORT = Buffer.from([2]);

/** Names are ASCII, so that units are bytes. */
const byName = ([left]: StoredAttribute, [right]: StoredAttribute): number =>
  left < right ? -1 : left > right ? 1 : 0;

/** `MD5OfMessageSystemAttributes`. */
export const systemAttributesMd5 = (traceHeader: string | undefined): string | undefined =>
  traceHeader === undefined ? undefined : attributesMd5([[TRACE_HEADER, "String", traceHeader]]);

/** The text in which a message's attributes are kept; undefined where it has none. */
export const writeAttributes = (attributes: readonly StoredAttribute[]): string | undefined =>
  attributes.length === 0 ? undefined : JSON.stringify(attributes);

/** What {@link writeAttributes} wrote. */
export const readAttributes = (text: string | undefined): readonly StoredAttribute[] =>
  text === undefined ? NONE : (JSON.parse(text) as readonly StoredAttribute[]);

/** In the form of the API. */
export function attributeValue([, dataType, value]: StoredAttribute): SQS.MessageAttributeValue {
  return isBinary(dataType)
    ? { DataType: dataType, BinaryValue: new Uint8Array(Buffer.from(value, "base64")) }
    : { DataType: dataType, StringValue: value };
}

/**
 * Which attributes a receiver asked for: names, `All`, and prefixes (`order.*`: the part before `.*`, without a dot of its own).
 *
 * @returns undefined where none is wanted
 */
export function attributeFilter(
  names: readonly string[] | undefined,
): ((attributes: readonly StoredAttribute[]) => readonly StoredAttribute[]) | undefined {
  if (names === undefined || names.length === 0) return undefined;
  if (names.some((name) => name === "All" || name === ".*" || name === "*")) return (attributes) => attributes;
  const exact = new Set(names);
  const prefixes = names.filter((name) => name.endsWith(".*")).map((name) => name.slice(0, -2));
  return (attributes) =>
    attributes.filter(([name]) => exact.has(name) || prefixes.some((prefix) => name.startsWith(prefix)));
}
