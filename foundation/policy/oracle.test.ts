/** Random policies and requests: the compiled evaluator and the literal one agree. */

import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  type AuthorizationRequest,
  authorize,
  compilePolicy,
  isPublicPolicy,
  type PolicyDocument,
  type PolicyKind,
  type PrincipalContext,
  parsePolicy,
} from "./index.ts";
import { literallyDecide } from "./literal-evaluator.fixture.ts";

const accounts = ["111111111111", "222222222222"] as const;
const account = fc.constantFrom(...accounts);
const listOf = <T>(item: fc.Arbitrary<T>) => fc.oneof(item, fc.array(item, { minLength: 1, maxLength: 3 }));

const action = fc.constantFrom("s3:GetObject", "s3:PutObject", "s3:ListBucket", "sqs:SendMessage");
const actionPattern = fc.constantFrom(
  "*",
  "s3:*",
  "s3:Get*",
  "S3:getobject",
  "s3:?etObject",
  "s3:PutObject",
  "sqs:*Message",
  "iam:*",
);
const arn = fc.constantFrom(
  "arn:aws:s3:::b/ana/x",
  "arn:aws:s3:::b",
  "arn:aws:s3:::b/a:b",
  "arn:aws:sqs:eu:111111111111:q",
  "arn:aws:s3:::B/Ana",
);
const arnPattern = fc.constantFrom(
  "*",
  "arn:aws:s3:::*",
  "arn:aws:s3:::b/*",
  "arn:aws:s3:::b",
  "arn:aws:s3:::b/${aws:username}/*",
  "arn:aws:s3:::?/${k:many}*",
  "arn:aws:sqs:*:*:q",
  "arn:aws:sqs:*:111111111111:?",
  "arn:aws:s3:::b/${k:none, 'ana'}/x",
  "arn:aws:*:*:*:*",
  "arn:aws:s3:*:*:b/a*b",
);

const value = fc.constantFrom("a", "A", "ab", "b*", "10", "9", "true", "ana", "arn:aws:sns:eu:1:t", "");
const values = fc.dictionary(
  fc.constantFrom("k:one", "K:One2", "k:many", "aws:username"),
  fc.oneof(value, fc.array(value, { maxLength: 3 })),
  { noNullPrototype: true },
);
const key = fc.constantFrom("k:one", "K:ONE", "k:one2", "k:many", "aws:UserName", "k:none");
const text = fc.constantFrom("a", "a*", "A", "?b", "b${*}", "${aws:username}", "${k:none, 'ab'}", "10", "*", "");
const quantified = (name: fc.Arbitrary<string>) =>
  fc
    .tuple(fc.constantFrom("", "ForAllValues:", "ForAnyValue:"), name, fc.constantFrom("", "IfExists"))
    .map(([qualifier, operator, suffix]) => `${qualifier}${operator}${suffix}`);
const textOperator = quantified(
  fc.constantFrom(
    "StringEquals",
    "StringNotEquals",
    "StringLike",
    "StringNotLike",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
  ),
);
const condition = fc.oneof(
  fc.tuple(textOperator, key, listOf(text)),
  fc.tuple(quantified(fc.constantFrom("ArnLike", "ArnNotLike", "ArnEquals", "ArnNotEquals")), key, listOf(arnPattern)),
  fc.tuple(
    quantified(fc.constantFrom("NumericLessThan", "NumericEquals", "NumericNotEquals")),
    key,
    listOf(fc.constantFrom("9", "10")),
  ),
  fc.tuple(quantified(fc.constant("Bool")), key, fc.constantFrom("true", "false")),
  fc.tuple(fc.constant("Null"), key, fc.constantFrom("true", "false")),
);
const conditions = fc.option(
  fc.array(condition, { minLength: 1, maxLength: 2 }).map((list) => {
    const block: Record<string, Record<string, unknown>> = {};
    for (const [operator, name, entry] of list) block[operator] = { ...block[operator], [name]: entry };
    return block;
  }),
  { nil: undefined },
);

const principalText = account.chain((id) =>
  fc.constantFrom(
    "*",
    id,
    `arn:aws:iam::${id}:root`,
    `arn:aws:iam::${id}:user/ana`,
    `arn:aws:iam::${id}:role/r`,
    `arn:aws:sts::${id}:assumed-role/r/s`,
  ),
);
const principalElement = fc.oneof(
  fc.constant("*"),
  listOf(principalText).map((AWS) => ({ AWS })),
  fc.constantFrom("lambda.amazonaws.com", "sns.amazonaws.com").map((Service) => ({ Service })),
);
const principal: fc.Arbitrary<PrincipalContext> = fc.oneof(
  fc.constant<PrincipalContext>({ type: "anonymous" }),
  fc.constant<PrincipalContext>({ type: "service", service: "lambda.amazonaws.com" }),
  account.map((id): PrincipalContext => ({ type: "root", accountId: id, arn: `arn:aws:iam::${id}:root` })),
  account.map(
    (id): PrincipalContext => ({
      type: "user",
      accountId: id,
      arn: `arn:aws:iam::${id}:user/ana`,
      userId: "AIDA",
      userName: "ana",
    }),
  ),
  account.map(
    (id): PrincipalContext => ({
      type: "assumed-role",
      accountId: id,
      arn: `arn:aws:sts::${id}:assumed-role/r/s`,
      roleArn: `arn:aws:iam::${id}:role/r`,
      roleId: "AROA",
      sessionName: "s",
    }),
  ),
);

function statement(kind: PolicyKind): fc.Arbitrary<object> {
  const named = kind === "resource";
  return (
    fc
      .record({
        Effect: fc.constantFrom("Allow", "Allow", "Deny"),
        actions: listOf(actionPattern),
        resources: listOf(arnPattern),
        notAction: fc.nat(4),
        notResource: fc.nat(4),
        principals: principalElement,
        notPrincipal: fc.nat(2),
        Condition: conditions,
      })
      .map(({ Effect, actions, resources, notAction, notResource, principals, notPrincipal, Condition }) => ({
        Effect,
        [notAction === 0 ? "NotAction" : "Action"]: actions,
        [notResource === 0 ? "NotResource" : "Resource"]: resources,
        ...(named ? { [notPrincipal === 0 && Effect === "Deny" ? "NotPrincipal" : "Principal"]: principals } : {}),
        ...(Condition === undefined ? {} : { Condition }),
      }))
      // The resource grammar knows no actions of vendor `*`.
      .filter((made) => !named || !JSON.stringify(made).includes('"arn:aws:*'))
  );
}

function document(kind: PolicyKind): fc.Arbitrary<PolicyDocument> {
  return fc
    .record({
      Version: fc.constantFrom("2012-10-17", "2012-10-17", "2008-10-17"),
      Statement: fc.array(statement(kind), { minLength: 1, maxLength: 3 }),
    })
    .map((made) => parsePolicy(JSON.stringify(made), kind));
}

const scenario = fc.record({
  principal,
  action,
  resource: arn,
  resourceAccount: account,
  values,
  identity: fc.array(document("identity"), { maxLength: 2 }),
  resourcePolicy: fc.option(document("resource"), { nil: undefined }),
  boundary: fc.option(document("boundary"), { nil: undefined, freq: 3 }),
  session: fc.array(document("session"), { maxLength: 2 }),
});

/** A user's name follows from the principal when the context has none. */
function completed(
  values: Readonly<Record<string, string | readonly string[]>>,
  who: PrincipalContext,
): Readonly<Record<string, string | readonly string[]>> {
  return who.type === "user" && values["aws:username"] === undefined
    ? { ...values, "aws:username": who.userName }
    : values;
}

test("the compiled evaluator decides as the literal one", () => {
  const seen = { allowed: 0, "explicit-deny": 0, "implicit-deny": 0 };
  fc.assert(
    fc.property(scenario, ({ values: given, identity, resourcePolicy, boundary, session, ...rest }) => {
      // A list of one is the same as a single value; lists of one are left to the tables.
      const kept = Object.fromEntries(
        Object.entries(given).filter(([, item]) => typeof item === "string" || item.length !== 1),
      );
      const lower = new Map(Object.entries(kept).map(([name, item]) => [name.toLowerCase(), item]));
      const request: AuthorizationRequest = { ...rest, context: { get: (name) => lower.get(name) } };
      const decision = authorize(request, {
        identity: identity.map(compilePolicy),
        resource: resourcePolicy === undefined ? undefined : compilePolicy(resourcePolicy),
        boundary: boundary === undefined ? undefined : compilePolicy(boundary),
        session: session.map(compilePolicy),
      });
      const literal = literallyDecide(
        { ...request, values: completed(kept, rest.principal) },
        { identity, resource: resourcePolicy, boundary, session },
      );
      seen[decision.reason]++;
      expect(decision.reason).toBe(
        literal === "allowed" ? "allowed" : literal === "explicit-deny" ? "explicit-deny" : "implicit-deny",
      );
      expect(decision.allowed).toBe(literal === "allowed");
    }),
    { numRuns: 4000 },
  );
  // The property is worth something only when all outcomes occur.
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(100);
});

test("a policy that is not public grants nothing to anonymous callers without a fixed condition", () => {
  fc.assert(
    fc.property(document("resource"), action, arn, (policy, asked, resource) => {
      if (isPublicPolicy(policy)) return;
      const decision = authorize(
        {
          principal: { type: "anonymous" },
          action: asked,
          resource,
          resourceAccount: accounts[0],
          context: { get: () => undefined },
        },
        { identity: [], resource: compilePolicy(policy) },
      );
      expect(decision.allowed).toBe(false);
    }),
    { numRuns: 1000 },
  );
});
