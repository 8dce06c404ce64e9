/** Objects: S3 on an engine that keeps bytes. */
export { createObjectsBrowserAccess } from "./browser/browser-access.ts";
export { objectsOperationNames, objectsParityNotes } from "./parity.ts";
export { objectsPermissions } from "./permissions.ts";
export type { ObjectsEnvironment } from "./service/environment.ts";
export { createObjectsService } from "./service/objects-service.ts";
