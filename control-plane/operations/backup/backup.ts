/** Backups of the embedded control plane: a directory with a consistent copy of its log and audit, and what proves them whole. */
import { createHash } from "node:crypto";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { defineErrors, EXIT } from "#foundation/errors";
import { readFileIfThere, writePrivateFile } from "#foundation/files";
import { copyDatabase } from "#foundation/sql";

export const backupErrors = defineErrors({
  NOT_EMBEDDED: {
    status: 409,
    retryable: false,
    message:
      "The event log of this cloud is in PostgreSQL: back that up with pg_dump or its continuous archiving, and keep the keys in control/ besides.",
    exit: EXIT.failure,
  },
  TARGET_IN_USE: { status: 409, retryable: false, message: "There is something already.", exit: EXIT.conflict },
  NO_BACKUP: { status: 404, retryable: false, message: "That is no backup of Biplane.", exit: EXIT.notFound },
  BACKUP_DAMAGED: { status: 422, retryable: false, message: "The backup is not whole.", exit: EXIT.failure },
  KEYS_MISSING: { status: 409, retryable: false, message: "The keys are missing.", exit: EXIT.failure },
});

const FORMAT = "biplane-control-backup-v1";
const MANIFEST = "backup.json";
const DATABASES = ["events.sqlite", "audit.sqlite"] as const;
/** Without the first two, what the log has sealed stays sealed; the last is how programs sign in. */
const KEYS = ["master.key", "secret-keys.json", "tokens.json"] as const;

export interface BackupFile {
  readonly name: string;
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
}

export interface BackupManifest {
  readonly format: typeof FORMAT;
  readonly version: string;
  /** ISO 8601. */
  readonly madeAt: string;
  readonly files: readonly BackupFile[];
  /** Of keys that are not in the backup: the first 16 digits of the SHA-256 of their files, so that one knows which are needed. */
  readonly keyFingerprints: Readonly<Record<string, string>>;
}

const hashOf = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex");
const fingerprint = (path: string): string => hashOf(path).slice(0, 16);

/**
 * Copies while the control plane runs, or after it stopped.
 *
 * @param controlDirectory `<data>/control`
 * @param target made; must not exist, or be empty
 * @throws CodedError NOT_EMBEDDED, TARGET_IN_USE
 */
export function makeBackup(
  controlDirectory: string,
  target: string,
  options: { readonly withKeys: boolean; readonly version: string; readonly now: number },
): BackupManifest {
  if (!existsSync(join(controlDirectory, DATABASES[0]))) throw backupErrors.error("NOT_EMBEDDED");
  if (existsSync(target) && readdirSync(target).length > 0)
    throw backupErrors.error("TARGET_IN_USE", `${target} is not empty.`);
  mkdirSync(target, { recursive: true, mode: 0o700 });
  const names: string[] = [];
  for (const name of DATABASES) {
    if (!existsSync(join(controlDirectory, name))) continue;
    copyDatabase(join(controlDirectory, name), join(target, name));
    chmodSync(join(target, name), 0o600);
    names.push(name);
  }
  const keyFingerprints: Record<string, string> = {};
  for (const name of KEYS) {
    const path = join(controlDirectory, name);
    if (!existsSync(path)) continue;
    if (!options.withKeys) keyFingerprints[name] = fingerprint(path);
    else {
      copyFileSync(path, join(target, name));
      chmodSync(join(target, name), 0o600);
      names.push(name);
    }
  }
  const files = names.map((name) => {
    const path = join(target, name);
    return { name, bytes: statSync(path).size, sha256: hashOf(path) };
  });
  const madeAt = new Date(options.now).toISOString();
  const manifest = { format: FORMAT, version: options.version, madeAt, files, keyFingerprints } as const;
  // Last: without it a directory is no backup.
  writePrivateFile(join(target, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}

/** @throws CodedError NO_BACKUP, BACKUP_DAMAGED with the first file that is not as it was written */
export function readBackup(directory: string): BackupManifest {
  const text = readFileIfThere(join(directory, MANIFEST));
  const manifest = parsed(text);
  if (manifest === undefined) throw backupErrors.error("NO_BACKUP", `${directory} has no ${MANIFEST} of a backup.`);
  for (const { name, bytes, sha256 } of manifest.files) {
    const path = join(directory, name);
    if (![...DATABASES, ...KEYS].some((known) => known === name))
      throw backupErrors.error("BACKUP_DAMAGED", `${MANIFEST} names a file that no backup has.`);
    if (!existsSync(path)) throw backupErrors.error("BACKUP_DAMAGED", `${name} is missing.`);
    if (statSync(path).size !== bytes || hashOf(path) !== sha256)
      throw backupErrors.error("BACKUP_DAMAGED", `${name} is not what was written: its digest differs.`);
  }
  return manifest;
}

function parsed(text: string | undefined): BackupManifest | undefined {
  try {
    const value = JSON.parse(text ?? "") as Partial<BackupManifest>;
    return value.format === FORMAT && Array.isArray(value.files) ? (value as BackupManifest) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Puts a backup where a control plane will find it.
 *
 * @param keysDirectory has the keys, where the backup has not: the `control/` of the old cloud, or a copy of its keys
 * @throws CodedError TARGET_IN_USE, NO_BACKUP, BACKUP_DAMAGED, KEYS_MISSING
 */
export function restoreBackup(
  directory: string,
  controlDirectory: string,
  keysDirectory: string | undefined,
): BackupManifest {
  const manifest = readBackup(directory);
  if (existsSync(join(controlDirectory, DATABASES[0])))
    throw backupErrors.error(
      "TARGET_IN_USE",
      `${controlDirectory} has a control plane already. Restore elsewhere, or move it away.`,
    );
  for (const [name, wanted] of Object.entries(manifest.keyFingerprints)) {
    const path = join(keysDirectory ?? controlDirectory, name);
    if (!existsSync(path))
      throw backupErrors.error(
        "KEYS_MISSING",
        `${name} is not in the backup (fingerprint ${wanted}). Name the directory that has it.`,
      );
    if (fingerprint(path) !== wanted)
      throw backupErrors.error(
        "KEYS_MISSING",
        `${path} is another key: the backup needs the one with the fingerprint ${wanted}.`,
      );
  }
  mkdirSync(controlDirectory, { recursive: true, mode: 0o700 });
  const place = (from: string, name: string): void => {
    const target = join(controlDirectory, name);
    if (from === target) return;
    copyFileSync(from, target);
    chmodSync(target, 0o600);
  };
  for (const name of Object.keys(manifest.keyFingerprints)) place(join(keysDirectory ?? controlDirectory, name), name);
  // The log last: without it nothing is there.
  const ordered = manifest.files.toSorted((left) => (left.name === DATABASES[0] ? 1 : -1));
  for (const { name } of ordered) place(join(directory, name), name);
  return manifest;
}
