/** HTTP server and client, problem documents, a router for REST APIs, and WebSockets. */

export * from "./body-errors.ts";
export * from "./client.ts";
export { assertSafeHeader, headerText, RawHeaderView, UnsafeHeader } from "./headers.ts";
export * from "./json.ts";
export { DEFAULT_LIMITS } from "./limits.ts";
export * from "./message.ts";
export * from "./problem.ts";
export * from "./router.ts";
export { serveHttp } from "./server.ts";
export * from "./server-types.ts";
export { BodyLengthMismatch } from "./stream-body.ts";
export { connectWebSocket, type WebSocketCall, WebSocketRefused } from "./websocket-client.ts";
export { DEFAULT_WEBSOCKET_LIMITS } from "./websocket-connection.ts";
export { CLOSE } from "./websocket-frames.ts";
export * from "./websocket-types.ts";
