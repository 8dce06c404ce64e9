/** Routes about invitations to an org. */
import { type CommandOf, groups } from "#control-plane/events";
import { secretHash } from "#control-plane/platform-identity";
import { json, ProblemError } from "#foundation/http";
import { readMembers } from "../body.ts";
import { execute, IDEMPOTENCY_HEADER } from "../execute.ts";
import { presentedInvitation } from "../presented.ts";
import { originOf } from "../request-guard.ts";
import type { Route } from "../route.ts";
import { accountId, email, object, orgRole, schemaRef, text, time } from "../schemas.ts";
import { personOf } from "./org-routes.ts";
import { DONE, done, listOf, requireRank, secretAnswer } from "./shared.ts";

const NEW_INVITATION = object({ email, role: orgRole });
const ACCEPTANCE = object({ token: text });
const JSON_TYPE = "application/json";

export const INVITATION_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/v1/orgs/{org}/invitations",
    operationId: "listInvitations",
    summary: "Lists the invitations that wait for an answer.",
    scope: "members:read",
    org: "path",
    answer: {
      status: 200,
      contentType: JSON_TYPE,
      schema: listOf(schemaRef("Invitation")),
      description: "The oldest first.",
    },
    handle({ org }, { core, clock }) {
      const now = clock.now();
      const waiting = core.views
        .inGroup("invitation", groups.ofAccount(org.accountId))
        .filter((invitation) => invitation.expiresAt > now)
        .sort((left, right) => left.createdAt - right.createdAt);
      return json({ items: waiting.map(presentedInvitation) });
    },
  },
  {
    method: "POST",
    path: "/v1/orgs/{org}/invitations",
    operationId: "invite",
    summary: "Invites somebody. One who was invited before gets a new link; the old one is void.",
    description: "The link is shown once; it is good for a week, for this e-mail address.",
    scope: "orgs:admin",
    org: "path",
    headers: IDEMPOTENCY_HEADER,
    requestBody: NEW_INVITATION,
    answer: {
      status: 201,
      contentType: JSON_TYPE,
      schema: object({ invitationId: text, token: text, url: text, expiresAt: time }),
      description: "Send the address to whom is invited.",
    },
    problems: ["MemberAlreadyExists", "LimitExceeded", "ROLE_ABOVE_YOURS", "ValidationFailed"],
    async handle(call, environment) {
      const { email: to, role } = await readMembers(call.request, NEW_INVITATION);
      requireRank(call.org, role);
      const command = { type: "invitation.create", accountId: call.org.accountId, email: to, role };
      const made = await execute(call, environment, command as CommandOf<"invitation.create">);
      const url = `${originOf(call.request)}/invitations/accept?token=${made.token}`;
      return secretAnswer({ ...made, url });
    },
  },
  {
    method: "DELETE",
    path: "/v1/orgs/{org}/invitations/{invitation}",
    operationId: "revokeInvitation",
    summary: "Takes an invitation back.",
    scope: "orgs:admin",
    org: "path",
    answer: DONE,
    problems: ["NoSuchInvitation", "ROLE_ABOVE_YOURS"],
    async handle(call, environment) {
      const { accountId: org } = call.org;
      const invitationId = call.params.invitation!;
      const invitation = environment.core.views.record("invitation", invitationId);
      if (invitation?.accountId === org) requireRank(call.org, invitation.role);
      await execute(call, environment, { type: "invitation.revoke", accountId: org, invitationId });
      return done();
    },
  },
  {
    method: "POST",
    path: "/v1/invitations/accept",
    operationId: "acceptInvitation",
    summary: "Accepts an invitation as the person who is signed in.",
    description: "Whoever has no account yet opens the link of the invitation in a browser.",
    scope: "session",
    requestBody: ACCEPTANCE,
    answer: {
      status: 200,
      contentType: JSON_TYPE,
      schema: object({ accountId, personId: text }),
      description: "A member.",
    },
    problems: ["NOT_A_PERSON", "NoSuchInvitation", "MemberAlreadyExists", "LimitExceeded"],
    async handle(call, environment) {
      const personId = personOf(call.caller);
      const { token } = await readMembers(call.request, ACCEPTANCE);
      const hash = secretHash(typeof token === "string" ? token : "");
      const invitation = environment.core.views.inGroup("invitation", groups.hashed(hash))[0];
      if (invitation === undefined) {
        throw new ProblemError({ status: 404, code: "NoSuchInvitation", title: "There is no such invitation." });
      }
      const { invitationId } = invitation;
      return json(await execute(call, environment, { type: "invitation.accept", invitationId, personId }));
    },
  },
];
