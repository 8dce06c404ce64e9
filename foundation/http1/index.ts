/** HTTP/1.1 of our own: a strict codec without I/O. */

export { type FaultCode, type RefusalStatus, refusalStatus } from "./codec/faults.ts";
export { FIELD, type FieldId, Fields } from "./codec/fields.ts";
export { DEFAULT_MESSAGE_LIMITS, type MessageLimits } from "./codec/limits.ts";
export { type FieldMask, MessageWriter, maskOf, NOT_COPIED, UnsafeMessage } from "./codec/message-writer.ts";
export type { RequestHead } from "./codec/request-head.ts";
export { RequestReader, type RequestReaderOptions, type RequestSink } from "./codec/request-reader.ts";
export type { BodyFraming, ResponseHead } from "./codec/response-head.ts";
export { ResponseReader, type ResponseSink } from "./codec/response-reader.ts";
export type { TargetForm } from "./codec/target.ts";
