/** The AWS endpoint: authenticate, route, decode, authorise, dispatch, encode. */
export { type AddressedRequest, addressOf, type EndpointNames } from "./address.ts";
export { ANONYMOUS, type Authentication } from "./authenticate.ts";
export { type BrowserAccess, createFrontDoor, type DoorServices, type FrontDoorOptions } from "./front-door.ts";
export type { Admit } from "./intercepted.ts";
export { createOperationMetrics, type OperationMetrics } from "./operation-metrics.ts";
export { CHANGES_OF_CALLER } from "./pace.ts";
