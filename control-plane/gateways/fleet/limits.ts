/** How much a project has of each thing at most. */

const DAY_MS = 24 * 3_600_000;

export const FLEET_LIMITS = {
  specsPerProject: 200,
  /** Older ones go when one more is made; what was built of them stays. */
  revisionsPerSpec: 200,
  filesPerRevision: 256,
  /** A revision's files all together. */
  revisionBytes: 8 * 1024 * 1024,
  /** Revisions of a project all together, as if nothing were shared. */
  revisionBytesPerProject: 1024 ** 3,
  specsPerBuild: 20,
  /** Builds that wait, of a project: whoever sends more is told to wait. */
  queuedPerProject: 20,
  /** Builds that wait, in all. */
  queued: 1_000,
  /** Older ones go when one more is asked for. */
  buildsPerProject: 200,
  artifactsPerProject: 500,
  artifactBytesPerProject: 2 * 1024 ** 3,
  /** Those that are not revoked. */
  keysPerProject: 100,
  /** Older ones go when one more is revoked. */
  revokedKeysPerProject: 100,
  groupsPerProject: 100,
  gatewaysPerProject: 10_000,
  /** Older ones go when one more begins. */
  deploymentsPerProject: 100,
} as const;

export const KEY_LIFETIME_MS_MIN = 60_000;
/** Ten years: "for ever" in a form that arithmetic can take. */
export const KEY_LIFETIME_MS_MAX = 3_650 * DAY_MS;
/** Whoever needs longer to take a new secret everywhere makes a second key. */
export const KEY_GRACE_SECONDS_MAX = (30 * DAY_MS) / 1_000;
export const BAKE_SECONDS_MAX = (7 * DAY_MS) / 1_000;
