/**
 * The file of secrets: what programs read, what its digest is of. Pure; nothing here ever puts a value into a message.
 *
 *     # BIPLANE_SECRETS_V1
 *     NAME=value to the end of the line
 *     OTHER=base64:bytes that have line breaks or are no text
 */
import { createHash } from "node:crypto";

export const SECRETS_HEADER = "# BIPLANE_SECRETS_V1";

const FILE_BYTES_MAX = 256 * 1024;
const KEYS_MAX = 256;
const NAME_MAX = 128;
const PLAIN_BYTES_MAX = 8_192;
const ENCODED_BYTES_MAX = 65_536;

const NAME = /^[A-Z_][A-Z0-9_]*$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
/** Values that a line cannot hold as they are, or that would be read as something else. */
const NEEDS_ENCODING = /[\n\r\0]|^base64:/;

/** Names to values as they stand in the file: plain, or `base64:` and the encoded bytes. */
export type SecretValues = ReadonlyMap<string, string>;

export type ParsedSecrets =
  | { readonly ok: true; readonly values: SecretValues }
  /** Which line and which rule; never what the line says. */
  | { readonly ok: false; readonly problem: string };

/** What a name may be. */
export function nameProblem(name: string): string | undefined {
  if (name.length > NAME_MAX) return `a name has ${NAME_MAX} characters at most`;
  return NAME.test(name) ? undefined : "a name has capital letters, digits and _, and does not begin with a digit";
}

function valueProblem(value: string): string | undefined {
  if (!value.startsWith("base64:")) {
    return Buffer.byteLength(value) <= PLAIN_BYTES_MAX ? undefined : `a value has ${PLAIN_BYTES_MAX} bytes at most`;
  }
  const encoded = value.slice("base64:".length);
  if (!BASE64.test(encoded)) return "what follows base64: must be base64 (RFC 4648 §4)";
  return encoded.length <= ENCODED_BYTES_MAX ? undefined : `an encoded value has ${ENCODED_BYTES_MAX} bytes at most`;
}

/** Reads a file as people write it: comments, empty lines, any order. */
export function parseSecretsFile(text: string): ParsedSecrets {
  if (Buffer.byteLength(text) > FILE_BYTES_MAX) return no(`the file has ${FILE_BYTES_MAX} bytes at most`);
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  if (lines[0] !== SECRETS_HEADER) return no(`line 1: the file must begin with "${SECRETS_HEADER}"`);
  const values = new Map<string, string>();
  for (const [index, line] of lines.entries()) {
    const at = `line ${index + 1}: `;
    if (line === "" || line.startsWith("#")) continue;
    if (line.includes("\r")) return no(`${at}a carriage return stands alone`);
    if (line.includes("\0")) return no(`${at}a NUL must be encoded: base64:…`);
    const equals = line.indexOf("=");
    if (equals < 0) return no(`${at}NAME=value was expected`);
    const name = line.slice(0, equals);
    const value = line.slice(equals + 1);
    const problem = nameProblem(name) ?? valueProblem(value);
    if (problem !== undefined) return no(at + problem);
    if (values.has(name)) return no(`${at}the name stands there twice`);
    values.set(name, value);
  }
  return values.size > KEYS_MAX ? no(`there are ${KEYS_MAX} names at most`) : { ok: true, values };
}

const no = (problem: string): ParsedSecrets => ({ ok: false, problem });

/** A value as it stands in the file. */
export function encodeValue(value: string): string {
  return NEEDS_ENCODING.test(value) ? `base64:${Buffer.from(value, "utf8").toString("base64")}` : value;
}

/** The one form of a set of secrets: names sorted, a line each. */
export function canonicalSecrets(values: SecretValues): string {
  const lines = [...values]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`);
  return `${[SECRETS_HEADER, ...lines].join("\n")}\n`;
}

/** What is wrong with a set of values that was put together; undefined when nothing is. */
export function secretsProblem(values: SecretValues): string | undefined {
  if (values.size > KEYS_MAX) return `there are ${KEYS_MAX} names at most`;
  for (const [name, value] of values) {
    const problem = nameProblem(name) ?? valueProblem(value);
    if (problem !== undefined) return `${nameProblem(name) === undefined ? name : "a name"}: ${problem}`;
  }
  return Buffer.byteLength(canonicalSecrets(values)) > FILE_BYTES_MAX
    ? `the file has ${FILE_BYTES_MAX} bytes at most`
    : undefined;
}

/** SHA-256 of the canonical file, hex. */
export const secretsHash = (canonical: string): string => createHash("sha256").update(canonical, "utf8").digest("hex");
