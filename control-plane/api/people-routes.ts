/** Routes by which the operator looks after people. */
import { personByEmail } from "#control-plane/platform-identity";
import { json, ProblemError } from "#foundation/http";
import { readMembers } from "./body.ts";
import { listOf, secretAnswer } from "./orgs/shared.ts";
import { presentedPerson } from "./presented.ts";
import { originOf } from "./request-guard.ts";
import type { Route } from "./route.ts";
import { email, object, schemaRef, text, time } from "./schemas.ts";

const RESET = object({ email });

export const PEOPLE_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/v1/people",
    operationId: "listPeople",
    summary: "Lists everybody who may sign in to this cloud.",
    scope: "cloud:admin",
    answer: {
      status: 200,
      contentType: "application/json",
      schema: listOf(schemaRef("Person")),
      description: "In order of e-mail address.",
    },
    handle(_call, { core }) {
      const people = [...core.views.records("person")].sort((left, right) => (left.email < right.email ? -1 : 1));
      return json({ items: people.map(presentedPerson) });
    },
  },
  {
    method: "POST",
    path: "/v1/people/password-link",
    operationId: "createPasswordLink",
    summary: "Makes a link by which somebody sets a new password who has lost theirs.",
    description: "It is good for an hour, and once. Nothing changes until it is used.",
    scope: "cloud:admin",
    requestBody: RESET,
    answer: {
      status: 201,
      contentType: "application/json",
      schema: object({ personId: text, url: text, expiresAt: time }),
      description: "Give the address to the person, and to nobody else.",
    },
    problems: ["NoSuchPerson"],
    async handle({ request }, { core, passwordLinks }) {
      const { email: wanted } = await readMembers(request, RESET);
      const person = typeof wanted === "string" ? personByEmail(core.views, wanted) : undefined;
      if (person === undefined) {
        throw new ProblemError({ status: 404, code: "NoSuchPerson", title: "There is no such person." });
      }
      const { token, expiresAt } = passwordLinks.issue(person);
      const url = `${originOf(request)}/password?token=${token}`;
      return secretAnswer({ personId: person.personId, url, expiresAt });
    },
  },
];
