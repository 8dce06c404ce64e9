/** Secrets of environments: set, and never shown. */

import type { CommandOf } from "#control-plane/events";
import { bundleOf } from "#control-plane/secrets";
import { json, ProblemError } from "#foundation/http";
import { readMembers } from "../body.ts";
import type { ApiEnvironment } from "../environment.ts";
import { execute } from "../execute.ts";
import { named } from "../named-schemas.ts";
import type { OrgCall, OrgRoute } from "../route.ts";
import { count, object, text } from "../schemas.ts";
import { answerOf, byNames, ENV, EXPECTED_VERSION, envAt, reads, renamed, writes } from "./shared.ts";

const BUNDLE = named(
  "SecretBundle",
  object({
    env_id: text,
    bundle_id: { type: ["string", "null"] },
    current_version_id: { type: ["string", "null"] },
    version_number: { ...count, description: "0 before the first version." },
    keys: { type: "array", items: text, description: "Names, sorted." },
    not_needed: { type: "boolean", description: "Somebody has said that no secrets are needed." },
    updated_at: { type: ["string", "null"], format: "date-time" },
    resource_version: { ...count, description: "What a caller states as `expected_version`." },
  }),
);
const FILE = object(
  {
    format: { const: "platform_env_v1" },
    data: { ...text, description: "The whole file, as docs/secrets.md says." },
    expected_version: EXPECTED_VERSION,
  },
  ["format", "expected_version"],
);
const VALUES = object(
  {
    values: byNames({ type: ["string", "null"] }, "By name; `null` takes one away."),
    expected_version: EXPECTED_VERSION,
  },
  ["expected_version"],
);
/** A whole file of 256 KiB, every character of it escaped in JSON. */
const BYTES_MAX = 2 * 1024 * 1024;
const NAMES = { data: "data", values: "values", expected_version: "expectedVersion" };
const PROBLEMS = ["NoSuchResource", "RevisionMismatch", "ValidationFailed", "MasterKeyUnavailable"];

export const SECRET_ROUTES: readonly OrgRoute[] = [
  reads({
    method: "GET",
    path: `${ENV}/secrets`,
    operationId: "getSecrets",
    summary: "Names of the secrets, and which version is current. What they say is told to nobody.",
    scope: "secrets:read-metadata",
    answer: answerOf(BUNDLE, "About the secrets."),
    problems: ["NoSuchResource"],
    handle: (call, environment) => json(shown(call, environment)),
  }),
  writes({
    method: "PUT",
    path: `${ENV}/secrets`,
    operationId: "setSecrets",
    summary: "Replaces all secrets by those of a file. Instances are replaced one by one to get them.",
    scope: "secrets:write",
    requestBody: FILE,
    answer: answerOf(BUNDLE, "About the secrets."),
    problems: PROBLEMS,
    async handle(call, environment) {
      const { envId, accountId } = envAt(call, environment);
      const { format = "platform_env_v1", ...given } = await readMembers(call.request, FILE, BYTES_MAX);
      if (format !== "platform_env_v1") {
        throw new ProblemError({ status: 400, code: "ValidationFailed", title: "format must be platform_env_v1." });
      }
      const command = { type: "secrets.set", accountId, envId, ...renamed(given, NAMES) };
      await execute(call, environment, command as CommandOf<"secrets.set">);
      return json(shown(call, environment));
    },
  }),
  writes({
    method: "PATCH",
    path: `${ENV}/secrets`,
    operationId: "changeSecrets",
    summary: "Sets some secrets and keeps the others; `null` takes one away.",
    scope: "secrets:write",
    requestBody: VALUES,
    answer: answerOf(BUNDLE, "About the secrets."),
    problems: PROBLEMS,
    async handle(call, environment) {
      const { envId, accountId } = envAt(call, environment);
      const given = renamed(await readMembers(call.request, VALUES, BYTES_MAX), NAMES);
      const command = { type: "secrets.patch", accountId, envId, ...given };
      await execute(call, environment, command as unknown as CommandOf<"secrets.patch">);
      return json(shown(call, environment));
    },
  }),
  writes({
    method: "POST",
    path: `${ENV}/secrets/confirm-none`,
    operationId: "confirmNoSecrets",
    summary: "Says that the environment needs no secrets.",
    scope: "secrets:write",
    answer: answerOf(BUNDLE, "About the secrets.", 201),
    problems: ["NoSuchResource"],
    async handle(call, environment) {
      const { envId, accountId } = envAt(call, environment);
      await execute(call, environment, { type: "env.confirmNoSecrets", accountId, envId });
      return json(shown(call, environment), 201);
    },
  }),
];

function shown(call: OrgCall, environment: ApiEnvironment) {
  const env = envAt(call, environment);
  const bundle = bundleOf(environment.core.views, env.envId);
  return {
    env_id: env.envId,
    bundle_id: bundle?.bundleId ?? null,
    current_version_id: bundle?.versionId ?? null,
    version_number: bundle?.versionNumber ?? 0,
    keys: bundle?.keys ?? [],
    not_needed: env.secretsNotNeeded,
    updated_at: bundle === undefined ? null : new Date(bundle.updatedAt).toISOString(),
    resource_version: bundle?.revision ?? 0,
  };
}
