/** What is remembered must be what would be worked out anew, whatever happened in between. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import type { SessionPrincipal } from "#contracts";
import { SignatureError } from "#foundation/aws/sigv4";
import { authorize } from "#foundation/policy";
import { Principals } from "./principals.ts";
import { ACCOUNT, IdentityCatalog, policyText, type TestSession } from "./testing/index.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const ACTIONS = ["s3:GetObject", "sqs:SendMessage", "dynamodb:GetItem"] as const;

const statement = fc.record({
  Effect: fc.constantFrom("Allow", "Allow", "Deny"),
  Action: fc.constantFrom("*", ...ACTIONS),
  Resource: fc.constant("*"),
});
const document = fc.oneof(
  { weight: 8, arbitrary: fc.array(statement, { minLength: 1, maxLength: 2 }).map((all) => policyText(...all)) },
  { weight: 1, arbitrary: fc.constant("{") },
);
const ARNS = [
  `arn:aws:iam::${ACCOUNT}:policy/p`,
  `arn:aws:iam::${ACCOUNT}:policy/q`,
  "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",
] as const;
const names = (...all: readonly string[]) =>
  fc.subarray([...all]).map((some) => Object.fromEntries(some.map((name) => [name, true] as const)));
const own = {
  inlinePolicies: fc.dictionary(fc.constantFrom("a", "b"), document, { maxKeys: 2 }),
  attachedPolicies: names(...ARNS),
};
const boundary = fc.constantFrom(undefined, undefined, ...ARNS);
const validFrom = fc.constantFrom(undefined, undefined, NOW - 500, NOW + 500);

type Step = (catalog: IdentityCatalog) => void;
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ ...own, groups: names("AGPAG", "AGPAH"), boundary, sessionsValidFrom: validFrom }).map(
    (sections): Step =>
      (catalog) =>
        void catalog.putUser("ana", { sections }),
  ),
  fc.record({ ...own, boundary, sessionsValidFrom: validFrom }).map(
    (sections): Step =>
      (catalog) =>
        void catalog.putRole("reader", sections),
  ),
  fc.record({ name: fc.constantFrom("g", "h"), ...own }).map(
    ({ name, ...sections }): Step =>
      (catalog) =>
        void catalog.putGroup(name, sections),
  ),
  fc.record({ name: fc.constantFrom("p", "q"), text: document }).map(
    ({ name, text }): Step =>
      (catalog) =>
        void catalog.putManagedPolicy(name, text),
  ),
  fc.record({ role: fc.constantFrom("owner", "developer", "readonly"), sessionsValidFrom: validFrom }).map(
    (fields): Step =>
      (catalog) =>
        void catalog.putMember("prs_1", fields as { role: "owner" }),
  ),
  fc.constantFrom("Active", "Inactive").map(
    (status): Step =>
      (catalog) =>
        void catalog.putKey("AKIAANA", { status, owner: { type: "user", userName: "ana" } }),
  ),
  fc
    .constantFrom(
      ["user", "AIDAANA"],
      ["role", "AROAREADER"],
      ["group", "AGPAG"],
      ["managedPolicy", "ANPAP"],
      ["member", `${ACCOUNT}/prs_1`],
      ["accessKey", "AKIAANA"],
    )
    .map(
      ([kind, key]): Step =>
        (catalog) =>
          catalog.remove(kind as "user", key!),
    ),
  // Something that concerns nobody.
  fc.constant<Step>((catalog) => catalog.remove("bucket", "none")),
);

const SESSIONS: readonly (readonly [
  SessionPrincipal,
  { readonly policies?: readonly string[]; readonly policyArns?: readonly string[] },
])[] = [
  [{ type: "role", accountId: ACCOUNT, roleId: "AROAREADER", sessionName: "work" }, {}],
  [{ type: "role", accountId: ACCOUNT, roleId: "AROAREADER", sessionName: "work" }, { policyArns: [ARNS[0]] }],
  [{ type: "caller", accountId: ACCOUNT, madeWithKey: "AKIAANA" }, {}],
  [
    { type: "federated", accountId: ACCOUNT, madeWithKey: "AKIAANA", name: "bob" },
    { policies: [policyText({ Effect: "Allow", Action: "s3:*", Resource: "*" })] },
  ],
  [{ type: "member", accountId: ACCOUNT, personId: "prs_1", email: "ada@example.com" }, {}],
];

/** Everything that a request would notice: who it is and what it may do, or why it is refused. */
function verdict(
  principals: Principals,
  claim: { readonly accessKeyId: string; readonly sessionToken?: string },
): unknown {
  try {
    const { caller, standing } = principals.claimed({ sessionToken: undefined, ...claim }, NOW);
    const { session: _facts, ...who } = { session: undefined, ...caller };
    const context = { get: () => undefined };
    const { principal } = standing;
    const asked = { principal, resource: "*", resourceAccount: ACCOUNT, context };
    return { who, may: ACTIONS.map((action) => authorize({ ...asked, action }, standing)) };
  } catch (error) {
    if (error instanceof SignatureError) return error.reason;
    throw error;
  }
}

test("a principal that is remembered is judged like one that is met for the first time", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const catalog = new IdentityCatalog();
      catalog.addAccount(ACCOUNT);
      const remembering = new Principals(catalog);
      const sessions: readonly TestSession[] = SESSIONS.map(([principal, more]) =>
        catalog.session(principal, NOW, more),
      );
      const claims = [{ accessKeyId: "AKIAANA" }, ...sessions];
      for (const change of steps) {
        change(catalog);
        // Twice: what is worked out now is what is remembered next.
        for (const claim of [...claims, ...claims]) {
          expect(verdict(remembering, claim)).toEqual(verdict(new Principals(catalog), claim));
        }
      }
    }),
    { numRuns: 100 },
  );
});
