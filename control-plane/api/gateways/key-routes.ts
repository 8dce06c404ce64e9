/** API keys of gateways. */
import { GATEWAY_KEY_SCOPES } from "#contracts";
import { type CommandOf, groups } from "#control-plane/events";
import { json } from "#foundation/http";
import { answerOf, listSchema, PAGE, page, reads, recordSchema, renamed, writes } from "../applications/shared.ts";
import { readMembers } from "../body.ts";
import { execute } from "../execute.ts";
import { DONE, done, secretAnswer } from "../orgs/shared.ts";
import type { OrgRoute } from "../route.ts";
import { count, moment, object, text } from "../schemas.ts";
import * as present from "./present.ts";
import { newest, PROJECT, projectAt, recordAt } from "./shared.ts";

const KEY_PATH = `${PROJECT}/api-keys/{key}`;
const scopes = { type: "array", items: { enum: GATEWAY_KEY_SCOPES }, uniqueItems: true };
const MEMBERS = {
  org_id: text,
  project_id: text,
  name: text,
  prefix: { ...text, description: "What the key begins with." },
  scopes,
  group_id: text,
  expires_at: moment,
  rotated_at: moment,
  previous_secret_valid_until: moment,
  revoked_at: moment,
};
const OPTIONAL = ["group_id", "expires_at", "rotated_at", "previous_secret_valid_until", "revoked_at"];
const KEY = recordSchema("GatewayKey", MEMBERS, OPTIONAL);
const KEY_WITH_SECRET = recordSchema(
  "NewGatewayKey",
  { ...MEMBERS, key: { ...text, description: "`bbk_…`; shown now and never again." } },
  OPTIONAL,
);
const NEW_KEY = object(
  {
    name: text,
    scopes: { ...scopes, description: "Default: all." },
    group_id: { ...text, description: "Gateways that register with it for the first time are of this group." },
    lifetime_seconds: { ...count, description: "Default: it does not expire." },
  },
  ["scopes", "group_id", "lifetime_seconds"],
);
const ROTATE = object(
  { grace_seconds: { ...count, description: "How long the secret before is good for. Default: a day." } },
  ["grace_seconds"],
);
const GRACE_SECONDS_DEFAULT = 24 * 3_600;
const NAMES = { name: "name", scopes: "scopes", group_id: "groupId" };

export const KEY_ROUTES: readonly OrgRoute[] = [
  reads({
    method: "GET",
    path: `${PROJECT}/api-keys`,
    operationId: "listGatewayKeys",
    summary: "Lists the keys of a project's gateways, those that are revoked too.",
    scope: "gateways:read",
    query: PAGE,
    answer: answerOf(listSchema(KEY), "The newest first."),
    problems: ["NoSuchResource"],
    handle(call, environment) {
      const { projectId } = projectAt(call, environment);
      const keys = environment.core.views.inGroup("gatewayKey", groups.ofProject(projectId));
      const now = environment.clock.now();
      const ordered = newest(keys, ({ keyId }) => keyId);
      return page(
        call,
        ordered,
        ({ keyId }) => keyId,
        (record) => present.key(record, now),
      );
    },
  }),
  writes({
    method: "POST",
    path: `${PROJECT}/api-keys`,
    operationId: "createGatewayKey",
    summary: "Makes a key by which gateways connect.",
    scope: "gateway-keys:write",
    requestBody: NEW_KEY,
    answer: answerOf(KEY_WITH_SECRET, "The key: the only time that it is shown.", 201),
    problems: ["NoSuchResource", "ResourceAlreadyExists", "ValidationFailed", "LimitExceeded"],
    names: { ...NAMES, lifetime_seconds: "lifetimeMs" },
    async handle(call, environment) {
      const { accountId, projectId } = projectAt(call, environment);
      const members = await readMembers(call.request, NEW_KEY);
      const { lifetime_seconds: seconds } = members;
      const lifetime =
        seconds === undefined ? {} : { lifetimeMs: typeof seconds === "number" ? seconds * 1_000 : seconds };
      const command = { type: "gatewayKey.create", accountId, projectId, ...renamed(members, NAMES), ...lifetime };
      const { keyId, key } = await execute(call, environment, command as CommandOf<"gatewayKey.create">);
      const record = environment.core.views.record("gatewayKey", keyId)!;
      return secretAnswer({ ...present.key(record, environment.clock.now()), key });
    },
  }),
  writes({
    method: "POST",
    path: `${KEY_PATH}/rotate`,
    operationId: "rotateGatewayKey",
    summary: "Gives a key another secret. The one before stays good for a while.",
    scope: "gateway-keys:write",
    requestBody: ROTATE,
    answer: answerOf(KEY_WITH_SECRET, "The key: the only time that its secret is shown.", 201),
    problems: ["NoSuchResource", "ResourceInUse", "ValidationFailed"],
    async handle(call, environment) {
      const { accountId, keyId } = recordAt(call, environment, "gatewayKey", call.params.key!, "key");
      const { grace_seconds: graceSeconds = GRACE_SECONDS_DEFAULT } = await readMembers(call.request, ROTATE);
      const command = { type: "gatewayKey.rotate", accountId, keyId, graceSeconds };
      const { key } = await execute(call, environment, command as CommandOf<"gatewayKey.rotate">);
      const record = environment.core.views.record("gatewayKey", keyId)!;
      return secretAnswer({ ...present.key(record, environment.clock.now()), key });
    },
  }),
  reads({
    method: "GET",
    path: KEY_PATH,
    operationId: "getGatewayKey",
    summary: "Shows a key, without its secret.",
    scope: "gateways:read",
    answer: answerOf(KEY, "The key."),
    problems: ["NoSuchResource"],
    handle(call, environment) {
      const record = recordAt(call, environment, "gatewayKey", call.params.key!, "key");
      return json(present.key(record, environment.clock.now()));
    },
  }),
  writes({
    method: "DELETE",
    path: KEY_PATH,
    operationId: "revokeGatewayKey",
    summary: "Revokes a key. Gateways that are connected by it are disconnected.",
    scope: "gateway-keys:write",
    answer: DONE,
    problems: ["NoSuchResource"],
    async handle(call, environment) {
      const { accountId, keyId } = recordAt(call, environment, "gatewayKey", call.params.key!, "key");
      await execute(call, environment, { type: "gatewayKey.revoke", accountId, keyId });
      return done();
    },
  }),
];
