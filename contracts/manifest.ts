/** The manifest of an application in its normal form, as a release carries it: defined with its rules in `foundation/manifest`. */
export type {
  IsolationClass,
  Manifest,
  ManifestCommand,
  ManifestEndpoint,
  ManifestEnv,
  ManifestHealth,
  ManifestMount,
  ManifestPort,
  ManifestProcess,
  ManifestResources,
  ManifestRestart,
  ManifestScaling,
  ManifestVars,
  ManifestVolume,
} from "#foundation/manifest";
