/** The control plane put together: log, views, feed and command handlers behind one door. */
export type {
  ControlPlane,
  EventReader,
  RootCredentials,
  Verification,
} from "./control-plane.ts";
export { type ControlPlaneOptions, openControlPlane } from "./open-control-plane.ts";
export { IDEMPOTENCY_MS } from "./remembered-answers.ts";
