/**
 * Calls between processes: services of typed methods over streams of a runtime's network, with deadlines, and with word of peers that are lost.
 *
 * A call is sent once. When its connection is lost, or its time is over, nobody knows whether it had its effect: who repeats it makes sure that it may be
 * repeated.
 */

export { parseAddress } from "./addresses.ts";
export { KEY_BYTES_MIN } from "./authentication.ts";
export { openRpcNode, type RpcNode, type RpcOptions, type Served } from "./node.ts";
export { RpcError, type TransportFailure } from "./rpc-error.ts";
export {
  type CallOptions,
  type Client,
  type Handlers,
  type Method,
  method,
  type Ref,
  type Service,
} from "./service.ts";
