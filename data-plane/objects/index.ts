/** Objects: S3 on an engine that keeps bytes. */
export { objectsOperationNames, objectsParityNotes } from "./parity.ts";
export type { ObjectsEnvironment } from "./service/environment.ts";
export { createObjectsService } from "./service/objects-service.ts";
