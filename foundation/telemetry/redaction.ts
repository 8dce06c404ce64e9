/** Keeps secrets out of the log: fields with telling names are replaced, at every depth. Pure. */

export const REDACTED = "[redacted]";

/**
 * Names whose values are never written, compared without case, `-` and `_`. Whole names, plus endings: `dbPassword` is one, `passwordPolicy` is not.
 */
const SECRET_NAMES = new Set([
  "authorization",
  "proxyauthorization",
  "cookie",
  "setcookie",
  "xamzsecuritytoken",
  "xapikey",
  "signature",
  "xamzsignature",
  "sig",
  "credential",
  "credentials",
  "jwt",
  "bearer",
]);
const SECRET_ENDINGS = [
  "password",
  "passwd",
  "passphrase",
  "secret",
  "secretkey",
  "secretaccesskey",
  "sessiontoken",
  "accesstoken",
  "refreshtoken",
  "idtoken",
  "token",
  "apikey",
  "privatekey",
  "masterkey",
];

const known = new Map<string, boolean>();
/** Field names come from the code, so there are few; a hostile source of names must not grow the table without end. */
const KNOWN_MAX = 4096;

/** Whether a field of this name may hold a secret. */
export function isSecretName(name: string): boolean {
  const seen = known.get(name);
  if (seen !== undefined) return seen;
  const plain = name.toLowerCase().replace(/[-_.\s]/g, "");
  const secret = SECRET_NAMES.has(plain) || SECRET_ENDINGS.some((ending) => plain.endsWith(ending));
  if (known.size < KNOWN_MAX) known.set(name, secret);
  return secret;
}

const DEPTH_MAX = 6;
const ENTRIES_MAX = 64;
const TEXT_MAX = 8 * 1024;

/**
 * A copy of `value` that JSON can show: secrets replaced, errors expanded (name, message, code, stack, cause), bytes as their count, cycles and
 * depths beyond six cut, long texts and lists shortened.
 */
export function presentable(value: unknown, name = "", depth = 0): unknown {
  if (name !== "" && value !== undefined && value !== null && isSecretName(name)) return REDACTED;
  switch (typeof value) {
    case "string":
      return value.length > TEXT_MAX ? `${value.slice(0, TEXT_MAX)}… (${value.length} characters)` : value;
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "bigint":
      return value.toString();
    case "boolean":
    case "undefined":
      return value;
    case "function":
    case "symbol":
      return `[${typeof value}]`;
  }
  if (value === null || value === undefined) return null;
  if (depth >= DEPTH_MAX) return "[deeper]";
  if (value instanceof Error) return presentableError(value, depth);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof Map) return presentable(Object.fromEntries(value), "", depth);
  if (value instanceof Set) return presentable([...value], "", depth);
  if (Array.isArray(value)) {
    const shown = value.slice(0, ENTRIES_MAX).map((entry) => presentable(entry, "", depth + 1));
    if (value.length > ENTRIES_MAX) shown.push(`… (${value.length} entries)`);
    return shown;
  }
  return presentableObject(value, depth);
}

function presentableObject(value: object, depth: number): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  let count = 0;
  for (const [key, entry] of Object.entries(value)) {
    if (count++ >= ENTRIES_MAX) {
      shown["…"] = "more fields";
      break;
    }
    shown[key] = presentable(entry, key, depth + 1);
  }
  return shown;
}

function presentableError(error: Error, depth: number): Record<string, unknown> {
  const shown: Record<string, unknown> = { name: error.name, message: presentable(error.message) };
  if ("code" in error) shown.code = presentable(error.code, "", depth + 1);
  if (error.stack !== undefined) shown.stack = presentable(error.stack);
  if (error.cause !== undefined) shown.cause = presentable(error.cause, "", depth + 1);
  return shown;
}
