/** HTTP/1.1 of our own: a strict codec without I/O, a server and a client with pooled connections over Bun's sockets. */

export { ClientExchange, type ExchangeConnection, type ExchangeListener } from "./client/client-exchange.ts";
export { type ClientOptions, ClientPool } from "./client/client-pool.ts";
export type { ClientProtocol, SharedConnection, SharedContext, SharedHome } from "./client/client-protocol.ts";
export {
  ClientFailed,
  type ClientFailure,
  type ClientLimits,
  type ConnectFailure,
  DEFAULT_CLIENT_LIMITS,
  type Origin,
  type OriginTls,
  type OutgoingRequest,
} from "./client/client-types.ts";
export { Connecting, type ConnectListener } from "./client/connect.ts";
export { type ClientResponse, type SendOptions, send } from "./client/send.ts";
export type { OriginCounts } from "./client/shelf.ts";
export { type FaultCode, type RefusalStatus, refusalStatus } from "./codec/faults.ts";
export { FIELD, type FieldId, Fields } from "./codec/fields.ts";
export { isHost } from "./codec/host.ts";
export { DEFAULT_MESSAGE_LIMITS, type MessageLimits } from "./codec/limits.ts";
export {
  assertField,
  type FieldMask,
  MessageWriter,
  maskOf,
  NOT_COPIED,
  PreparedFields,
  UnsafeMessage,
} from "./codec/message-writer.ts";
export { isNominated, namesNothing } from "./codec/nominated.ts";
export { is, TARGET, TEXT, TOKEN } from "./codec/octets.ts";
export type { ReceivedHead } from "./codec/received-head.ts";
export type { ReceivedResponse } from "./codec/received-response.ts";
export type { RequestHead } from "./codec/request-head.ts";
export { RequestReader, type RequestReaderOptions, type RequestSink } from "./codec/request-reader.ts";
export type { BodyFraming, ResponseHead } from "./codec/response-head.ts";
export { ResponseReader, type ResponseSink } from "./codec/response-reader.ts";
export { type TargetForm, targetForm } from "./codec/target.ts";
export { Channel, type ChannelOwner, channelHandlers } from "./io/channel.ts";
export { Deadlines, NEVER, type Time, type Timed } from "./io/deadlines.ts";
export type { DuplexOwner, RawDuplex } from "./io/duplex.ts";
export { lookNow } from "./io/turns.ts";
export {
  BodyBroken,
  type BodyFailure,
  type BodySink,
  type BodySource,
  BodyTooLarge,
  emptyBody,
  MessageBody,
} from "./message-body.ts";
export type { AnswerHead, ReceivedFields, ServerExchange } from "./server/exchange.ts";
export type { Protocol, ServedConnection, ServerContext } from "./server/protocol.ts";
export { serve } from "./server/serve.ts";
export {
  type CertificateFor,
  DEFAULT_SERVER_LIMITS,
  type Refusal,
  type Server,
  type ServerLimits,
  type ServerOptions,
  type ServerTls,
} from "./server/server-types.ts";
