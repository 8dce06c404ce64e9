/** Messages of JSON-RPC 2.0 as the protocol uses them: read with limits. Pure. */

export const PARSE_ERROR = -32700;
export const INVALID_REQUEST = -32600;
export const METHOD_NOT_FOUND = -32601;
export const INVALID_PARAMS = -32602;

/** Of objects and lists in each other. */
const DEPTH_MAX = 64;
const ID_LENGTH_MAX = 256;
const METHOD_LENGTH_MAX = 256;
/** Messages of a batch. */
export const BATCH_MAX = 20;

export type RequestId = string | number;
export type Params = Readonly<Record<string, unknown>>;

export type Message =
  | { readonly kind: "request"; readonly id: RequestId; readonly method: string; readonly params: Params }
  | { readonly kind: "notification"; readonly method: string; readonly params: Params }
  /** An answer to something that nobody here has asked. */
  | { readonly kind: "response" }
  | { readonly kind: "invalid"; readonly id: RequestId | undefined; readonly message: string };

export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/** @returns what was sent; undefined when it is no JSON, or deeper than anybody needs */
export function parsedJson(bytes: Uint8Array): { readonly value: unknown } | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return isTooDeep(text) ? undefined : { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** Looked at before anything recursive is. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  let isText = false;
  for (let i = 0; i < text.length; i++) {
    const sign = text.charCodeAt(i);
    if (isText) {
      if (sign === BACKSLASH) i++;
      else if (sign === QUOTE) isText = false;
    } else if (sign === QUOTE) isText = true;
    else if (sign === OPEN_LIST || sign === OPEN_OBJECT) {
      if (++depth > DEPTH_MAX) return true;
    } else if (sign === CLOSE_LIST || sign === CLOSE_OBJECT) depth--;
  }
  return false;
}

const [QUOTE, BACKSLASH, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d];

export function readMessage(value: unknown): Message {
  if (!isObject(value)) return { kind: "invalid", id: undefined, message: "A message is an object." };
  const hasId = Object.hasOwn(value, "id");
  const id = readId(value.id);
  const invalid = (message: string): Message => ({ kind: "invalid", id, message });
  if (value.jsonrpc !== "2.0") return invalid('"jsonrpc" is "2.0".');
  if (!Object.hasOwn(value, "method")) {
    return "result" in value || "error" in value ? { kind: "response" } : invalid("A request has a method.");
  }
  const { method, params = {} } = value;
  if (typeof method !== "string" || method.length > METHOD_LENGTH_MAX) return invalid("A method is a text.");
  if (!isObject(params)) return invalid("Parameters are an object.");
  if (!hasId) return { kind: "notification", method, params };
  if (id === undefined) return invalid(`An id is a whole number, or a text of at most ${ID_LENGTH_MAX} signs.`);
  return { kind: "request", id, method, params };
}

function readId(id: unknown): RequestId | undefined {
  if (typeof id === "string" && id.length <= ID_LENGTH_MAX) return id;
  return Number.isSafeInteger(id) ? (id as number) : undefined;
}

export const resultOf = (id: RequestId, result: unknown) => ({ jsonrpc: "2.0", id, result });

/** Without an id when none could be read. */
export const errorOf = (id: RequestId | undefined, error: RpcError) => ({
  jsonrpc: "2.0",
  ...(id === undefined ? {} : { id }),
  error,
});

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
