/**
 * Percent-encoding as signatures need it: RFC 3986 unreserved characters stay, every other byte becomes `%XX` in upper case
 * (S3 API Reference, "Authenticating Requests: Using the Authorization Header", UriEncode()).
 */

/** Byte → 1 when it stays as it is. */
const unreserved = new Uint8Array(256);
for (const character of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~") {
  unreserved[character.charCodeAt(0)] = 1;
}

/** Byte → `%XX`. */
const escapes: readonly string[] = Array.from(
  { length: 256 },
  (_, byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`,
);

const percent = 0x25;
const slash = 0x2f;
const plus = 0x2b;

/**
 * Brings a path that is already percent-encoded to the canonical encoding: sequences are decoded and encoded again, slashes stay.
 * `/a%2fb(c)` becomes `/a%2Fb%28c%29`.
 */
export function canonicalisePath(path: string): string {
  return recode(path, 0, path.length, true);
}

/**
 * Brings part of a query to the canonical encoding; a plus sign means a space, as in HTML forms.
 *
 * @param query the raw query
 * @param from first position
 * @param to position after the last
 */
export function canonicaliseQueryPart(query: string, from: number, to: number): string {
  return recode(query, from, to, false);
}

/** Encodes text that is not encoded; a percent sign becomes `%25`. With `keepSlash` slashes stay. */
export function encodeUri(text: string, keepSlash: boolean): string {
  let result = "";
  let copied = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 256 ? unreserved[code] === 1 || (code === slash && keepSlash) : false) continue;
    result += text.slice(copied, i);
    if (code < 128) result += escapes[code];
    else {
      const character = String.fromCodePoint(text.codePointAt(i) ?? code);
      for (const byte of Buffer.from(character, "utf8")) result += escapes[byte];
      i += character.length - 1;
    }
    copied = i + 1;
  }
  return copied === 0 ? text : result + text.slice(copied);
}

/**
 * Encodes a path that is already encoded once more, as every service but S3 signs it: `%` becomes `%25`, slashes stay. The input holds one byte
 * per character.
 */
export function encodeWirePath(path: string): string {
  let result = "";
  let copied = 0;
  for (let i = 0; i < path.length; i++) {
    const code = path.charCodeAt(i);
    if (unreserved[code] === 1 || code === slash) continue;
    result += path.slice(copied, i) + escapes[code & 0xff];
    copied = i + 1;
  }
  return copied === 0 ? path : result + path.slice(copied);
}

/** Decodes `%XX` sequences to UTF-8 text; sequences that are not valid stay as they are, a plus sign stays a plus sign. */
export function decodePercent(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text.replace(/(?:%[0-9A-Fa-f]{2})+/g, (run) => Buffer.from(run.replaceAll("%", ""), "hex").toString("utf8"));
  }
}

function recode(text: string, from: number, to: number, isPath: boolean): string {
  let result = "";
  let copied = from;
  for (let i = from; i < to; i++) {
    const code = text.charCodeAt(i);
    if (unreserved[code] === 1) continue;
    if (code === slash && isPath) continue;
    if (code === percent && i + 2 < to) {
      const high = hexDigit(text.charCodeAt(i + 1));
      const low = hexDigit(text.charCodeAt(i + 2));
      if (high >= 0 && low >= 0) {
        const byte = high * 16 + low;
        const canonical = unreserved[byte] === 1 ? String.fromCharCode(byte) : escapes[byte];
        if (canonical === undefined || !text.startsWith(canonical, i) || canonical.length === 1) {
          result += text.slice(copied, i) + canonical;
          copied = i + 3;
        }
        i += 2;
        continue;
      }
    }
    result += text.slice(copied, i);
    result += code === plus && !isPath ? "%20" : escapes[code & 0xff];
    copied = i + 1;
  }
  if (copied === from) return from === 0 && to === text.length ? text : text.slice(from, to);
  return result + text.slice(copied, to);
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  if (code >= 0x41 && code <= 0x46) return code - 0x37;
  if (code >= 0x61 && code <= 0x66) return code - 0x57;
  return -1;
}
