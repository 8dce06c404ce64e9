/** Temporary AWS credentials for members (an own session type beside those of STS). */
import { SESSION_KEY_PURPOSE, type SessionClaims } from "#contracts";
import { deriveSealingKey, seal } from "#foundation/crypto";
import { ProblemError } from "#foundation/http";
import { newAccessKeyId, newSecretAccessKey, type AccountId as PlainAccountId } from "#foundation/ids";
import { invalidBody, readMembers } from "../body.ts";
import type { Route } from "../route.ts";
import { object, schemaRef } from "../schemas.ts";
import { personOf } from "./org-routes.ts";
import { secretAnswer } from "./shared.ts";

/** The bounds of AssumeRole (STS API Reference). */
const DURATION_SECONDS_MIN = 900;
const DURATION_SECONDS_MAX = 12 * 60 * 60;
const DURATION_SECONDS_DEFAULT = 60 * 60;

const REQUEST = object(
  {
    durationSeconds: {
      type: "integer",
      minimum: DURATION_SECONDS_MIN,
      maximum: DURATION_SECONDS_MAX,
      default: DURATION_SECONDS_DEFAULT,
    },
  },
  ["durationSeconds"],
);

export const CREDENTIAL_ROUTES: readonly Route[] = [
  {
    method: "POST",
    path: "/v1/orgs/{org}/credentials",
    operationId: "getAwsCredentials",
    summary: "Gives a member temporary AWS credentials.",
    description:
      "They do what the member's role allows: everything for owners and admins, everything but IAM for developers, reading for readonly. They end with the membership.",
    scope: "aws:credentials",
    org: "path",
    requestBody: REQUEST,
    answer: {
      status: 201,
      contentType: "application/json",
      schema: schemaRef("AwsCredentials"),
      description: "The credentials; they are recorded nowhere.",
    },
    problems: ["NOT_A_PERSON"],
    async handle({ request, caller, org }, { core, clock, random }) {
      const personId = personOf(caller);
      const { durationSeconds = DURATION_SECONDS_DEFAULT } = await readMembers(request, REQUEST);
      const inRange =
        Number.isSafeInteger(durationSeconds) &&
        Number(durationSeconds) >= DURATION_SECONDS_MIN &&
        Number(durationSeconds) <= DURATION_SECONDS_MAX;
      if (!inRange) {
        throw invalidBody(
          `durationSeconds must be a whole number from ${DURATION_SECONDS_MIN} to ${DURATION_SECONDS_MAX}.`,
        );
      }
      const person = core.views.record("person", personId);
      if (person === undefined) throw new ProblemError({ status: 404, code: "NoSuchPerson", title: "You are gone." });
      const { accountId } = org;
      const accessKeyId = newAccessKeyId("ASIA", accountId as string as PlainAccountId, random);
      const issuedAt = clock.now();
      const claims: SessionClaims = {
        accessKeyId,
        secretAccessKey: newSecretAccessKey(random),
        principal: { type: "member", accountId, personId, email: person.email },
        issuedAt,
        expiresAt: issuedAt + Number(durationSeconds) * 1000,
      };
      const key = deriveSealingKey(core.sealingKey, SESSION_KEY_PURPOSE);
      return secretAnswer({
        accessKeyId,
        secretAccessKey: claims.secretAccessKey,
        sessionToken: seal(key, JSON.stringify(claims), accessKeyId, random),
        expiration: new Date(claims.expiresAt).toISOString(),
      });
    },
  },
];
