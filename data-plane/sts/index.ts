/** Temporary credentials: STS. */
export { stsOperationNames, stsParityNotes } from "./parity.ts";
export { STS_PERMISSIONS } from "./permissions.ts";
export type { StsEnvironment } from "./service/environment.ts";
export { createStsService } from "./service/sts-service.ts";
