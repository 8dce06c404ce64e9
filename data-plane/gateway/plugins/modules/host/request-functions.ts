/** What modules see of requests, and change in them. */
import type { GatewayExchange } from "../../../message/gateway-exchange.ts";
import { CODE } from "../guest-fault.ts";
import type { Caller, HostFunctions } from "../module-services.ts";
import { fieldFunctions } from "./fields-of.ts";

/** Numbers of the parts; those that can be changed come first. */
const PARTS: readonly ((exchange: GatewayExchange) => string)[] = [
  ({ request }) => request.method,
  ({ request }) => request.path,
  ({ request }) => request.query,
  ({ request }) => request.host,
  ({ request }) => request.clientAddress,
  ({ requestId }) => requestId,
  ({ operation }) => operation.path,
  ({ operation }) => operation.operationId ?? "",
  ({ request }) => (request.secure ? "https" : "http"),
  ({ trace }) => trace.traceId,
];

const METHOD = /^[!#$%&'*+.^_`|~0-9A-Z-]{1,32}$/;
const PATH = /^\/[\x21-\x22\x24-\x3e\x40-\x7e]*$/;
const QUERY = /^[\x21-\x22\x24-\x7e]*$/;
/** Segments that mean another place than they are written at, in any spelling. */
const DOTS = /\/(?:\.|%2e){1,2}(?:\/|$)/i;
const BROKEN_ESCAPE = /%(?![0-9a-f]{2})/i;
/** As long as the gateway lets targets be. */
const TARGET_LENGTH_MAX = 8 * 1024;

export function requestFunctions(caller: Caller): HostFunctions {
  /** Undefined: it is on its way back, and nothing of it can be changed any more. */
  const onItsWay = (): GatewayExchange | undefined =>
    caller.call.response === undefined ? caller.call.exchange : undefined;
  const fields = fieldFunctions(
    caller,
    () => caller.call.exchange?.request.headers,
    () => onItsWay()?.request.headers,
  );
  return {
    request_get(part: number, pointer: number, capacity: number) {
      const { exchange } = caller.call;
      if (exchange === undefined) return CODE.notNow;
      const text = PARTS[part >>> 0]?.(exchange);
      return text === undefined ? CODE.notThere : caller.memory.putOctets(Buffer.from(text), pointer, capacity);
    },
    request_header: fields.header,
    request_headers: fields.headers,
    path_parameter(name: number, nameLength: number, pointer: number, capacity: number) {
      const { exchange } = caller.call;
      if (exchange === undefined) return CODE.notNow;
      const { pathParameters } = exchange.request;
      const named = caller.memory.utf8(name, nameLength);
      if (!Object.hasOwn(pathParameters, named)) return CODE.notThere;
      return caller.memory.putOctets(Buffer.from(pathParameters[named]!), pointer, capacity);
    },
    request_set(part: number, pointer: number, length: number) {
      const exchange = onItsWay();
      if (exchange === undefined) return CODE.notNow;
      const text = caller.memory.latin1(pointer, length);
      return setPart(exchange, part >>> 0, text) ? CODE.ok : CODE.invalid;
    },
    request_header_set: fields.set,
    request_header_add: fields.add,
    request_header_delete: fields.remove,
    request_body_size: () => {
      caller.memory.charge();
      return caller.call.exchange?.request.body.bytes?.length ?? CODE.notNow;
    },
    request_body_read(offset: number, pointer: number, capacity: number) {
      const bytes = caller.call.exchange?.request.body.bytes;
      return bytes === undefined ? CODE.notNow : caller.memory.putPart(bytes, offset, pointer, capacity);
    },
    request_body_set(pointer: number, length: number) {
      const body = onItsWay()?.request.body;
      if (body?.bytes === undefined) return CODE.notNow;
      body.replace(Buffer.from(caller.memory.octets(pointer, length)));
      return CODE.ok;
    },
  };
}

function setPart({ request }: GatewayExchange, part: number, text: string): boolean {
  if (text.length > TARGET_LENGTH_MAX) return false;
  if (part === 0 && METHOD.test(text)) request.method = text;
  else if (part === 1 && PATH.test(text) && !DOTS.test(text) && !BROKEN_ESCAPE.test(text)) request.path = text;
  else if (part === 2 && QUERY.test(text)) request.query = text;
  else return false;
  return true;
}
