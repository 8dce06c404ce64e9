/** Keys that a project trusts to sign artifacts that were compiled elsewhere. */
import type { GatewayTrustedKeyRecord } from "#contracts";
import type { CommandOf } from "#control-plane/events";
import { trustedKeysOf } from "#control-plane/gateways/fleet";
import { json } from "#foundation/http";
import { answerOf, found, listSchema, PAGE, page, reads, recordSchema, writes } from "../applications/shared.ts";
import { readMembers } from "../body.ts";
import type { ApiEnvironment } from "../environment.ts";
import { execute } from "../execute.ts";
import { DONE, done } from "../orgs/shared.ts";
import type { OrgCall, OrgRoute } from "../route.ts";
import { object, text } from "../schemas.ts";
import * as present from "./present.ts";
import { PROJECT, projectAt } from "./shared.ts";

const TRUSTED_KEY_PATH = `${PROJECT}/trusted-keys/{trustedKey}`;
const publicKey = { ...text, description: "Ed25519, PEM (SubjectPublicKeyInfo)." };
const TRUSTED_KEY = recordSchema("GatewayTrustedKey", {
  org_id: text,
  project_id: text,
  name: text,
  key_id: { ...text, description: "SHA-256 of the key's DER, hexadecimal: as signatures name it." },
  public_key: publicKey,
});
const PUT = object({ public_key: publicKey });

export const TRUSTED_KEY_ROUTES: readonly OrgRoute[] = [
  reads({
    method: "GET",
    path: `${PROJECT}/trusted-keys`,
    operationId: "listTrustedKeys",
    summary: "Lists the keys that a project trusts to sign artifacts that were compiled elsewhere.",
    description: "A project that trusts none takes such artifacts from whoever may upload them.",
    scope: "gateways:read",
    query: PAGE,
    answer: answerOf(listSchema(TRUSTED_KEY), "By name."),
    problems: ["NoSuchResource"],
    handle(call, environment) {
      const { projectId } = projectAt(call, environment);
      const keys = trustedKeysOf(environment.core.views, projectId);
      return page(call, keys, ({ trustedKeyId }) => trustedKeyId, present.trustedKey);
    },
  }),
  reads({
    method: "GET",
    path: TRUSTED_KEY_PATH,
    operationId: "getTrustedKey",
    summary: "Shows a key that the project trusts.",
    scope: "gateways:read",
    answer: answerOf(TRUSTED_KEY, "The key."),
    problems: ["NoSuchResource"],
    handle: (call, environment) => json(present.trustedKey(trustedKeyAt(call, environment))),
  }),
  writes({
    method: "PUT",
    path: TRUSTED_KEY_PATH,
    operationId: "putTrustedKey",
    summary: "Has the project trust a key, by this name. Another one takes the place of the one before.",
    description:
      "From the first on, artifacts that were compiled elsewhere are taken, and deployed, only when one of the project's keys has signed them.",
    scope: "gateway-keys:write",
    requestBody: PUT,
    answer: answerOf(TRUSTED_KEY, "The key."),
    problems: ["NoSuchResource", "ResourceAlreadyExists", "ValidationFailed", "LimitExceeded"],
    async handle(call, environment) {
      const { accountId, projectId } = projectAt(call, environment);
      const { public_key: given } = await readMembers(call.request, PUT);
      const name = call.params.trustedKey!;
      const command = { type: "gatewayTrustedKey.put", accountId, projectId, name, publicKey: given };
      const { trustedKeyId } = await execute(call, environment, command as CommandOf<"gatewayTrustedKey.put">);
      const record = found(environment.core.views.record("gatewayTrustedKey", trustedKeyId), "trusted key");
      return json(present.trustedKey(record));
    },
  }),
  writes({
    method: "DELETE",
    path: TRUSTED_KEY_PATH,
    operationId: "deleteTrustedKey",
    summary:
      "Has the project trust a key no more. What it has signed stays, and is not deployed any more unless another one has signed it too.",
    scope: "gateway-keys:write",
    answer: DONE,
    problems: ["NoSuchResource"],
    async handle(call, environment) {
      const { accountId, trustedKeyId } = trustedKeyAt(call, environment);
      await execute(call, environment, { type: "gatewayTrustedKey.delete", accountId, trustedKeyId });
      return done();
    },
  }),
];

/** By name, or by id. @throws ProblemError 404 NoSuchResource */
function trustedKeyAt(call: OrgCall, environment: ApiEnvironment): GatewayTrustedKeyRecord {
  const { projectId } = projectAt(call, environment);
  const named = call.params.trustedKey!;
  const keys = trustedKeysOf(environment.core.views, projectId);
  const one = keys.find(
    ({ trustedKeyId, name }) => trustedKeyId === named || name.toLowerCase() === named.toLowerCase(),
  );
  return found(one, "trusted key");
}
