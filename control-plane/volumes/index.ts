/** Volumes decide. */
export { createVolumeHandlers, type VolumeDependencies } from "./volume-handlers.ts";
