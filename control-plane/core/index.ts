/** The control plane put together: log, views, feed and command handlers behind one door. */
export {
  type ControlPlane,
  type EventReader,
  type RebuildProgress,
  RebuildUnderWay,
  type RootCredentials,
  type Verification,
} from "./control-plane.ts";
export { type ControlPlaneOptions, openControlPlane } from "./open-control-plane.ts";
export { IDEMPOTENCY_MS } from "./remembered-answers.ts";
