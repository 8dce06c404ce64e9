/** What operators need when something is wrong, or before it is. */
export {
  type BackupManifest,
  type BackupVerification,
  makeBackup,
  readBackup,
  restoreBackup,
  verifyBackup,
} from "./backup/index.ts";
export { type Finding, type FindingKind, findStuck, type Remedy } from "./findings.ts";
export { INSPECTED_MAX, type InspectedEvent, inspectAggregate } from "./inspect.ts";
export { type Remediation, remediate } from "./remediate.ts";
export { type FindingsWatch, watchFindings } from "./watch-findings.ts";
