/** A response as octets, for a store outside of this process: what its origin said, and when it was of no age. Pure. */

import { HeaderFields } from "../../../message/header-fields.ts";
import { varyNames } from "../vary.ts";
import { type StoredResponse, storedResponse } from "./stored-response.ts";

/** Changed with the form, so that gateways of other versions keep apart. */
const VERSION = 1;
const HEAD_LENGTH_BYTES = 4;
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** RFC 9110 §5.5: nothing that ends a field. */
const VALUE = /^[^\0\r\n]*$/;

/** The length of its head (32 bits), its head in JSON, its body. @param bornAtMs when its age was 0, by the store's clock */
export function octetsOf({ status, fields, body }: StoredResponse, bornAtMs: number): Uint8Array {
  const head = Buffer.from(JSON.stringify([VERSION, status, bornAtMs, body.length, fields]));
  const octets = Buffer.allocUnsafe(HEAD_LENGTH_BYTES + head.length + body.length);
  octets.writeUInt32BE(head.length);
  octets.set(head, HEAD_LENGTH_BYTES);
  octets.set(body, HEAD_LENGTH_BYTES + head.length);
  return octets;
}

export interface Reading {
  /** When it was read, by the store's clock. */
  readonly storeMs: number;
  /** When it was asked for, on the monotonic clock: what the answer took counts as age. */
  readonly askedAtMs: number;
  readonly wallMs: number;
}

/** @returns undefined for what {@link octetsOf} has not made: whoever else writes there breaks nothing */
export function responseOf(octets: Buffer, { storeMs, askedAtMs, wallMs }: Reading): StoredResponse | undefined {
  const headEnd = octets.length < HEAD_LENGTH_BYTES ? -1 : HEAD_LENGTH_BYTES + octets.readUInt32BE();
  if (headEnd < 0 || headEnd > octets.length) return undefined;
  const head = parsed(octets.toString("utf8", HEAD_LENGTH_BYTES, headEnd));
  if (!Array.isArray(head) || head.length !== 5 || head[0] !== VERSION) return undefined;
  const [, status, bornAtMs, length, fields] = head as readonly unknown[];
  const isWhole =
    isWithin(status, 200, 599) &&
    isWithin(bornAtMs, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER) &&
    length === octets.length - headEnd;
  if (!isWhole || !areFields(fields)) return undefined;
  const body = new Uint8Array(octets.subarray(headEnd));
  const response = storedResponse(status, fields, body, { askedAtMs, cameAtMs: askedAtMs, wallMs });
  if (varyNames(HeaderFields.of([...response.fields])).includes("*")) return undefined;
  return { ...response, initialAgeMs: Math.max(0, storeMs - bornAtMs) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isWithin = (value: unknown, least: number, most: number): value is number =>
  typeof value === "number" && value >= least && value <= most;

const areFields = (value: unknown): value is string[] =>
  Array.isArray(value) &&
  value.length % 2 === 0 &&
  value.every((one, index) => typeof one === "string" && (index % 2 === 0 ? NAME : VALUE).test(one));
