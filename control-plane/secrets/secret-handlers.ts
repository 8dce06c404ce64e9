/** Secrets of environments: one bundle each, whose versions never change. What they say is in no event. */
import type { SecretBundleRecord } from "#contracts";
import { noSuch, owned, versionProblem } from "#control-plane/applications";
import {
  type CatalogReader,
  type CommandHandler,
  type CommandOf,
  type Decision,
  groups,
  type NewEvent,
  refuse,
} from "#control-plane/events";
import type { Random } from "#foundation/runtime";
import type { Keyring } from "./keyring.ts";
import { documentName, sealVersion } from "./sealed-version.ts";
import { canonicalSecrets, parseSecretsFile, type SecretValues, secretsHash, secretsProblem } from "./secrets-file.ts";

export interface SecretDependencies {
  readonly keyring: Keyring;
  readonly random: Random;
  readonly newId: (prefix: "sec_" | "scv_") => string;
  readonly now: () => number;
}

export const bundleOf = (views: CatalogReader, envId: string): SecretBundleRecord | undefined =>
  views.inGroup("secretBundle", groups.inEnv(envId))[0];

/** `secrets.set`: the whole file. */
export function createSetSecrets(dependencies: SecretDependencies): CommandHandler<"secrets.set"> {
  return (command, views) => {
    const parsed = parseSecretsFile(command.data);
    if (!parsed.ok) return refuse("ValidationFailed", `data: ${parsed.problem}`);
    return setValues(dependencies, command, parsed.values, views);
  };
}

/** Makes a version of values that have been put together. */
export function setValues(
  { keyring, random, newId, now }: SecretDependencies,
  command: Pick<CommandOf<"secrets.set">, "accountId" | "envId" | "expectedVersion">,
  values: SecretValues,
  views: CatalogReader,
): Decision<"secrets.set"> {
  const { accountId, envId } = command;
  const env = owned(views, "env", accountId, envId);
  if (env === undefined) return noSuch("environment");
  const problem = secretsProblem(values);
  if (problem !== undefined) return refuse("ValidationFailed", `secrets: ${problem}`);
  const bundle = bundleOf(views, envId);
  const stale = bundle === undefined ? undefined : versionProblem(bundle, command);
  if (stale !== undefined) return stale;
  const canonical = canonicalSecrets(values);
  const dataHash = secretsHash(canonical);
  if (bundle?.versionId !== undefined && bundle.dataHash === dataHash) {
    return { ok: true, events: [], result: { bundleId: bundle.bundleId, versionId: bundle.versionId } };
  }
  const bundleId = bundle?.bundleId ?? newId("sec_");
  const versionId = newId("scv_");
  const events: NewEvent[] = [];
  if (bundle === undefined) {
    const payload = { bundleId, accountId, appId: env.appId, envId };
    events.push({ type: "secretBundle.created", aggregateId: bundleId, org: accountId, payload });
  }
  const keys = [...values.keys()].sort();
  const versionNumber = (bundle?.versionNumber ?? 0) + 1;
  events.push({
    type: "secretBundle.versionSet",
    aggregateId: bundleId,
    org: accountId,
    payload: { bundleId, versionId, dataHash, keys, versionNumber },
  });
  const context = { accountId, envId, bundleId, versionId, dataHash };
  const text = sealVersion(keyring, random, context, canonical, now());
  return {
    ok: true,
    events,
    result: { bundleId, versionId },
    documents: [{ name: documentName(versionId), text }],
  };
}
