/**
 * The functions that a gateway gives to modules, version 1: what `docs/gateway-plugins.md` says in sentences. A function that is there once stays as it is; whatever
 * means something else gets another name.
 */
import type { FunctionType, ValueType } from "#foundation/wasm";
import type { ModuleCapability } from "./capabilities.ts";

/** The name that modules import from. */
export const HOST_MODULE = "biplane_1";

export interface HostFunction {
  /** Undefined: everybody has it. */
  readonly capability: ModuleCapability | undefined;
  readonly type: FunctionType;
}

const of = (params: number, capability?: ModuleCapability, results: readonly ValueType[] = ["i32"]): HostFunction => ({
  capability,
  type: { params: Array<ValueType>(params).fill("i32"), results },
});

/** Parameters are numbers of 32 bits: places in the module's memory, lengths, indexes. */
export const HOST_FUNCTIONS = {
  config: of(2),
  note_get: of(2),
  note_set: of(2),
  log: of(3, "log", []),
  request_get: of(3, "read-request"),
  request_header: of(5, "read-request"),
  request_headers: of(2, "read-request"),
  path_parameter: of(4, "read-request"),
  request_set: of(3, "change-request"),
  request_header_set: of(4, "change-request"),
  request_header_add: of(4, "change-request"),
  request_header_delete: of(2, "change-request"),
  request_body_size: of(0, "read-request-body"),
  request_body_read: of(3, "read-request-body"),
  request_body_set: of(2, "change-request-body"),
  response_status: of(0, "read-response"),
  response_header: of(5, "read-response"),
  response_headers: of(2, "read-response"),
  response_status_set: of(1, "change-response"),
  response_header_set: of(4, "change-response"),
  response_header_add: of(4, "change-response"),
  response_header_delete: of(2, "change-response"),
  response_body_size: of(0, "read-response-body"),
  response_body_read: of(3, "read-response-body"),
  response_body_set: of(2, "change-response-body"),
  answer_status: of(1, "answer"),
  answer_header: of(4, "answer"),
  answer_body: of(2, "answer"),
  context_get: of(4, "read-context"),
  context_set: of(4, "change-context"),
  identity_get: of(2, "read-identity"),
  identity_set: of(2, "set-identity"),
  clock_ms: of(0, "clock", ["f64"]),
  monotonic_ms: of(0, "clock", ["f64"]),
  random: of(2, "random"),
  rate_limit: of(4, "rate-limit"),
  kv_get: of(4, "kv"),
  kv_set: of(5, "kv"),
  kv_delete: of(2, "kv"),
  http_send: of(2, "http"),
  http_header: of(5, "http"),
  http_body_size: of(0, "http"),
  http_body_read: of(3, "http"),
} as const satisfies Readonly<Record<string, HostFunction>>;

export type HostFunctionName = keyof typeof HOST_FUNCTIONS;

/** What AssemblyScript calls when an assertion fails: message, file, line, column. Calling it ends the call, as a trap does. */
export const ABORT = { module: "env", name: "abort", type: of(4, undefined, []).type } as const;

/** What modules may export for the gateway to call. All take nothing. */
export const GUEST_FUNCTIONS = {
  /** First of all, once for each instance. What tool chains make to set up their own run time. */
  _initialize: [],
  /** Then, once for each instance: 0 when the configuration is taken. */
  on_configure: ["i32"],
  /** Of a middleware: 0 to go on, 1 when the answer is given. */
  on_request: ["i32"],
  /** Of a middleware: 0. */
  on_response: ["i32"],
  /** Of a dispatcher: 1, the answer is given. */
  dispatch: ["i32"],
} as const satisfies Readonly<Record<string, readonly ValueType[]>>;

export type GuestFunctionName = keyof typeof GUEST_FUNCTIONS;
