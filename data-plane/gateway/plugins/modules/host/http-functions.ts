/** Requests that modules send to other servers. The module is suspended while it waits. */
import { BodyBroken, BodyTooLarge, ClientFailed, send, UnsafeMessage } from "#foundation/http1";
import { upstreamOf } from "../../upstream-address.ts";
import { CODE } from "../guest-fault.ts";
import type { Caller, HostFunctions, ModuleServices } from "../module-services.ts";
import { isFieldName, isFieldValue } from "./field-rules.ts";

const REQUESTS_MAX = 8;
const HEAD_BYTES_MAX = 64 * 1024;
const ANSWER_BYTES_MAX = 1024 * 1024;
const METHOD = /^[A-Z]{1,32}$/;

export interface WrittenRequest {
  readonly method: string;
  readonly url: URL;
  /** Name, value, name, value … */
  readonly fields: readonly string[];
  readonly body: Uint8Array | null;
}

/** `METHOD URL`, a line for each field, an empty line, the body; lines end with a line feed. Undefined for anything else. */
export function readWrittenRequest(octets: Buffer): WrittenRequest | undefined {
  const headEnd = octets.indexOf("\n\n");
  if (headEnd === -1 || headEnd > HEAD_BYTES_MAX) return undefined;
  const [first = "", ...lines] = octets.toString("latin1", 0, headEnd).split("\n");
  const [method = "", address = "", more] = first.split(" ");
  const url = URL.parse(address);
  if (!METHOD.test(method) || more !== undefined || url === null || !isAddress(url)) return undefined;
  const fields: string[] = [];
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon);
    const value = line.slice(colon + 1).trim();
    if (colon === -1 || !isFieldName(name) || !isFieldValue(value)) return undefined;
    fields.push(name, value);
  }
  const body = octets.subarray(headEnd + 2);
  return { method, url, fields, body: body.length === 0 ? null : Buffer.from(body) };
}

const isAddress = ({ protocol, username, password, hash }: URL): boolean =>
  (protocol === "http:" || protocol === "https:") && username === "" && password === "" && hash === "";

/** `http_send` gives a promise: its caller is suspended. */
export function httpFunctions(caller: Caller, services: ModuleServices): HostFunctions {
  return {
    async http_send(pointer: number, length: number) {
      const { call } = caller;
      if (call.exchange === undefined) return CODE.notNow;
      call.received = undefined;
      const written = readWrittenRequest(caller.memory.octets(pointer, length));
      if (written === undefined) return CODE.invalid;
      if (!services.origins.has(written.url.origin)) return CODE.refused;
      if (++call.requestsSent > REQUESTS_MAX) return CODE.noRoom;
      const now = services.host.clock.monotonicMs();
      call.waitsUntilMs ??= now + services.waitMs;
      const totalTimeoutMs = call.waitsUntilMs - now;
      if (totalTimeoutMs <= 0) return CODE.timeout;
      return sendWritten(written, totalTimeoutMs, caller, services);
    },
    http_header(name: number, nameLength: number, index: number, pointer: number, capacity: number) {
      const named = caller.memory.latin1(name, nameLength).toLowerCase();
      const fields = caller.call.received?.fields;
      if (fields === undefined) return CODE.notNow;
      let rest = index >>> 0;
      for (let at = 0; at < fields.length; at += 2) {
        if (fields[at]!.toLowerCase() !== named) continue;
        if (rest-- === 0) return caller.memory.putLatin1(fields[at + 1]!, pointer, capacity);
      }
      return CODE.notThere;
    },
    http_body_size: () => {
      caller.memory.charge();
      return caller.call.received?.body.length ?? CODE.notNow;
    },
    http_body_read(offset: number, pointer: number, capacity: number) {
      const body = caller.call.received?.body;
      return body === undefined ? CODE.notNow : caller.memory.putPart(body, offset, pointer, capacity);
    },
  };
}

/** @returns the status, or a code */
async function sendWritten(
  { method, url, fields, body }: WrittenRequest,
  totalTimeoutMs: number,
  { call }: Caller,
  { host }: ModuleServices,
): Promise<number> {
  const isLate = (): boolean => host.clock.monotonicMs() >= call.waitsUntilMs!;
  const { origin, host: authority } = upstreamOf(url.href);
  try {
    const request = { method, target: url.pathname + url.search, host: authority, fields, body, totalTimeoutMs };
    const answer = await send(host.pool, origin, request, { signal: call.exchange!.signal });
    call.received = { fields: answer.fields, body: await answer.body.bytes(ANSWER_BYTES_MAX) };
    return answer.status;
  } catch (error) {
    if (error instanceof UnsafeMessage) return CODE.invalid;
    if (error instanceof BodyTooLarge) return CODE.noRoom;
    if (error instanceof ClientFailed) {
      if (error.failure.kind === "unsafe") return CODE.invalid;
      return error.failure.kind.endsWith("-timeout") ? CODE.timeout : CODE.failed;
    }
    if (error instanceof BodyBroken) return isLate() ? CODE.timeout : CODE.failed;
    if (call.exchange!.signal.aborted) return CODE.failed;
    throw error;
  }
}
