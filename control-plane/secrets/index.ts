/** Secrets of environments: their file, how versions are locked, who opens them. */
export { Keyring, KeyUnavailable, type WrappedKey } from "./keyring.ts";
export { bundleOf, createSetSecrets, type SecretDependencies } from "./secret-handlers.ts";
export {
  CHANGED_MEANWHILE,
  newSnapshotKey,
  type RewrapReport,
  SecretService,
  type SecretServiceOptions,
  snapshotContext,
} from "./secret-service.ts";
export { canonicalSecrets, encodeValue, parseSecretsFile, SECRETS_HEADER, secretsHash } from "./secrets-file.ts";
