/** HTTP server and client, problem documents, a router for REST APIs, and WebSockets. */

export * from "./body-errors.ts";
export { DEFAULT_LIMITS } from "./limits.ts";
export * from "./message.ts";
export * from "./problem.ts";
export { serveHttp } from "./server.ts";
export * from "./server-types.ts";
export * from "./websocket-types.ts";
