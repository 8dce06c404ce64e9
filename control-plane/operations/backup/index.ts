/** Backups of the control plane: made, proved by restoring them, restored. */
export {
  type BackupFile,
  type BackupManifest,
  backupErrors,
  makeBackup,
  readBackup,
  restoreBackup,
} from "./backup.ts";
export { type BackupVerification, verifyBackup } from "./verify-backup.ts";
