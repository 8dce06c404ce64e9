/** Identity: the IAM service, and when keys were used last. */
export { type AccessKeyUses, type AccessKeyUsesOptions, createAccessKeyUses } from "./last-use/access-key-uses.ts";
export { iamOperationNames, iamParityNotes } from "./parity.ts";
export { IAM_PERMISSIONS } from "./permissions.ts";
export type { IamEnvironment } from "./service/environment.ts";
export { createIamService, type IamOperationName } from "./service/iam-service.ts";
export { passRoleQuestion } from "./service/questions.ts";
