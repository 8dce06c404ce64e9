/** What this room needs of the control plane. */
import type { ControlPlane } from "#control-plane/core";

/** The part of `#control-plane/core` that the REST API and the data planes are served from. */
export type ControlPlaneCore = Pick<
  ControlPlane,
  | "controlPlaneId"
  | "run"
  | "head"
  | "views"
  | "feed"
  | "events"
  | "sealingKey"
  | "platformKey"
  | "execute"
  | "onCommitted"
  | "decideAlone"
  | "quarantined"
  | "rebuild"
  | "rebuildProgress"
  | "verify"
  | "secrets"
  | "gatewayBlobs"
  | "gatewayPresence"
>;
