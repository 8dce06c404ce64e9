/** The control plane's doors: the REST API, and the endpoint at which data planes join. */

export type { ControlPlaneCore } from "./core.ts";
export type { ConnectedDataPlane, DataPlaneRegistry } from "./data-plane-registry.ts";
export type { DataPlaneClient, DataPlaneSession } from "./data-plane-session.ts";
export { openApiDocument } from "./openapi.ts";
export type { Route, Scope } from "./route.ts";
export { API_ROUTES } from "./routes.ts";
export { type ApiOptions, type ApiServer, serveApi } from "./serve-api.ts";
export { type OpenedTokens, openTokens, type PlainTokens, type TokenKind, type TokenVerifier } from "./tokens.ts";
