/**
 * Calls between processes: services of typed methods over streams of a runtime's network, with deadlines, and with word of peers that are lost.
 */
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
