/** A client of stores that speak RESP (Redis, Valkey): commands sent ahead of their answers over one connection. */

export type { RespReply } from "./reply-reader.ts";
export { parseRespAddress, type RespAddress } from "./resp-address.ts";
export {
  createRespClient,
  type RespClient,
  type RespClientOptions,
  type RespCommand,
  RespRefused,
  RespUnavailable,
} from "./resp-client.ts";
