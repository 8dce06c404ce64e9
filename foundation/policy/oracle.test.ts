/** Random policies and requests: the compiled evaluator and the literal one agree. */

import { expect, test } from "bun:test";
import fc from "fast-check";
import { runs } from "../../tests/support/runs.ts";
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

const action = fc.constantFrom("s3:GetObject", "s3:PutObject", "s3:ListBucket", "sqs:SendMessage", "sts:AssumeRole");
const actionPattern = fc.constantFrom(
  "*",
  "s3:*",
  "s3:Get*",
  "S3:getobject",
  "s3:?etObject",
  "s3:PutObject",
  "sqs:*Message",
  "sts:Assume*",
  "iam:*",
);
const arn = fc.constantFrom(
  "arn:aws:s3:::b/ana/x",
  "arn:aws:s3:::b/ana/xy",
  "arn:aws:s3:::b",
  "arn:aws:s3:::b/a:b",
  "arn:aws:sqs:eu:111111111111:q",
  "arn:aws:sqs:e:u:111111111111:q",
  "arn:aws:s3:::B/Ana",
);
const arnPattern = fc.constantFrom(
  "*",
  "arn:aws:s3:::*",
  "arn:aws:s3:::b/*",
  "arn:aws:s3:::b",
  "arn:aws:s3:::b/${aws:username}/*",
  "arn:aws:s3:::b/${aws:PrincipalTag/Team}/?",
  "arn:aws:s3:::b/*${aws:PrincipalTag/team, 'x'}",
  "arn:aws:s3:::?/${k:many}*",
  "arn:aws:s3:::b/${k:one, 'ana'}/x",
  "arn:aws:sqs:*:*:q",
  "arn:aws:sqs:*:111111111111:?",
  "arn:aws:sqs:*:q",
  "arn:aws:sqs:e*u:*1:q",
  "arn:aws:sqs:?u:1*1:q",
  "arn:aws:sqs:e*u:111111111111:q",
  "arn:aws:sqs:e?u:1*:q",
  "arn:aws:sqs:e?:*q",
  "arn:aws:*:q",
  "arn:aws:s3:::b/${k:none, 'ana'}/x",
  "arn:aws:*:*:*:*",
  "arn:aws:s3:*:*:b/a*b",
);

const value = fc.constantFrom("a", "A", "ab", "b*", "10", "9", "true", "ana", "arn:aws:sns:eu:1:t", "");
const manyOr = (item: fc.Arbitrary<string>) => fc.oneof(item, fc.array(item, { maxLength: 3 }));
const numbers = ["9", "10", "10.0", "-3", "11.5"] as const;
const dates = [
  "2026-01-01T00:00:00Z",
  "1767225600",
  "2026-01-01T02:00:00+02:00",
  "2025-12-31T23:59:59Z",
  "2026-06-01T12:00:00.500Z",
] as const;
const addresses = ["10.1.2.3", "10.255.0.0", "192.168.0.1", "2001:db8::1", "2001:db8:ffff::", "::1"] as const;
const ranges = [
  "10.0.0.0/8",
  "10.1.2.3",
  "10.1.2.2/31",
  "0.0.0.0/0",
  "2001:db8::/33",
  "2001:db8::/32",
  "::/0",
] as const;
const binaries = ["QUI=", "QUJD", "", "/+8="] as const;
const values = fc.record(
  {
    "k:one": manyOr(value),
    "K:One2": manyOr(value),
    "k:many": manyOr(value),
    "k:num": manyOr(fc.constantFrom(...numbers, "ten", "")),
    "k:date": manyOr(fc.constantFrom(...dates, "soon", "")),
    "k:ip": manyOr(fc.constantFrom(...addresses, "localhost")),
    "k:bin": manyOr(fc.constantFrom(...binaries)),
    "k:bool": manyOr(fc.constantFrom("true", "false", "True")),
  },
  { requiredKeys: [] },
);
const key = fc.constantFrom(
  "k:one",
  "K:ONE",
  "k:one2",
  "k:many",
  "aws:UserName",
  "aws:PrincipalTag/team",
  "aws:principaltype",
  "k:none",
);
const text = fc.constantFrom(
  "a",
  "a*",
  "A",
  "?b",
  "b${*}",
  "${aws:username}",
  "${aws:PrincipalTag/TEAM}",
  "${k:none, 'ab'}",
  "User",
  "10",
  "*",
  "",
);
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
const ordered = (type: string) =>
  quantified(
    fc
      .constantFrom("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
      .map((comparison) => `${type}${comparison}`),
  );
const typed = (operator: fc.Arbitrary<string>, name: string, pool: readonly string[]) =>
  fc.tuple(operator, fc.constantFrom(name, name.toUpperCase(), "k:none"), listOf(fc.constantFrom(...pool)));
const condition = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(textOperator, key, listOf(text)) },
  {
    weight: 2,
    arbitrary: fc.tuple(
      quantified(fc.constantFrom("ArnLike", "ArnNotLike", "ArnEquals", "ArnNotEquals")),
      key,
      listOf(arnPattern),
    ),
  },
  typed(ordered("Numeric"), "k:num", numbers),
  typed(ordered("Date"), "k:date", dates),
  typed(quantified(fc.constantFrom("IpAddress", "NotIpAddress")), "k:ip", ranges),
  typed(quantified(fc.constant("BinaryEquals")), "k:bin", binaries),
  typed(quantified(fc.constant("Bool")), "k:bool", ["true", "false"]),
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

const canonicalUser = "ab".repeat(32);
const userId = "AIDAEXAMPLEEXAMPLE000";
const roleId = "AROAEXAMPLEEXAMPLE000";
const provider = "accounts.example.com";
const principalText = account.chain((id) =>
  fc.constantFrom(
    "*",
    id,
    `arn:aws:iam::${id}:root`,
    `arn:aws:iam::${id}:user/ana`,
    `arn:aws:iam::${id}:role/r`,
    `arn:aws:sts::${id}:assumed-role/r/s`,
    `arn:aws:sts::${id}:federated-user/fay`,
    userId,
    roleId,
  ),
);
const principalElement = fc.oneof(
  fc.constant("*"),
  { weight: 3, arbitrary: listOf(principalText).map((AWS) => ({ AWS })) },
  fc.constantFrom("lambda.amazonaws.com", "sns.amazonaws.com").map((Service) => ({ Service })),
  fc.constantFrom(provider, "elsewhere.example.com").map((Federated) => ({ Federated })),
  fc.constant({ CanonicalUser: canonicalUser }),
  fc.constant({ AWS: "999999999999", Federated: provider }),
);
const tags = fc.constantFrom(undefined, new Map<string, string>(), new Map([["team", "ana"]]));
const principal: fc.Arbitrary<PrincipalContext> = fc.oneof(
  fc.constant<PrincipalContext>({ type: "anonymous" }),
  fc.constant<PrincipalContext>({ type: "service", service: "lambda.amazonaws.com" }),
  fc.constant<PrincipalContext>({ type: "web-identity", provider }),
  account.map((id): PrincipalContext => ({ type: "root", accountId: id, arn: `arn:aws:iam::${id}:root` })),
  {
    weight: 3,
    arbitrary: fc.tuple(account, tags).map(
      ([id, own]): PrincipalContext => ({
        type: "user",
        accountId: id,
        arn: `arn:aws:iam::${id}:user/ana`,
        userId,
        userName: "ana",
        tags: own,
      }),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(account, tags, fc.constantFrom(undefined, provider)).map(
      ([id, own, vouching]): PrincipalContext => ({
        type: "assumed-role",
        accountId: id,
        arn: `arn:aws:sts::${id}:assumed-role/r/s`,
        roleArn: `arn:aws:iam::${id}:role/r`,
        roleId,
        sessionName: "s",
        tags: own,
        provider: vouching,
      }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(account, tags, fc.boolean()).map(
      ([id, own, ofRoot]): PrincipalContext => ({
        type: "federated-user",
        accountId: id,
        arn: `arn:aws:sts::${id}:federated-user/fay`,
        userId: `${id}:fay`,
        federatedBy: ofRoot ? { type: "root" } : { type: "user", arn: `arn:aws:iam::${id}:user/ana`, userId },
        tags: own,
      }),
    ),
  },
);

function statement(kind: PolicyKind): fc.Arbitrary<object> {
  const named = kind === "resource";
  return fc
    .record({
      Effect: fc.constantFrom("Allow", "Allow", "Deny"),
      actions: listOf(actionPattern),
      // S3's grammar asks for all six segments.
      resources: listOf(named ? arnPattern.filter((text) => text === "*" || text.split(":").length >= 6) : arnPattern),
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
    }));
}

function document(kind: PolicyKind): fc.Arbitrary<PolicyDocument> {
  return fc
    .record({
      Version: fc.constantFrom("2012-10-17", "2012-10-17", "2008-10-17"),
      Statement: fc.array(statement(kind), { minLength: 1, maxLength: 3 }),
    })
    .map((made) => parsePolicy(JSON.stringify(made), kind));
}

const trustPolicy = fc
  .array(
    fc.record({
      Effect: fc.constantFrom("Allow", "Allow", "Deny"),
      Action: fc.constantFrom("sts:AssumeRole", "sts:*", "*", "sts:TagSession"),
      Principal: principalElement,
      Condition: conditions,
    }),
    { minLength: 1, maxLength: 2 },
  )
  .map((Statement) => parsePolicy(JSON.stringify({ Version: "2012-10-17", Statement }), "trust"));

const policiesOfCaller = {
  identity: fc.array(document("identity"), { maxLength: 2 }),
  boundary: fc.option(document("boundary"), { nil: undefined, freq: 3 }),
  session: fc.array(document("session"), { maxLength: 2 }),
};
const common = {
  principal,
  resourceAccount: account,
  values,
  canonicalUserId: fc.constantFrom(undefined, canonicalUser),
};
const scenario = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      ...common,
      ...policiesOfCaller,
      action,
      resource: arn,
      resourcePolicy: fc.option(document("resource"), { nil: undefined }),
    }),
  },
  fc.record({
    ...common,
    ...policiesOfCaller,
    action: fc.constant("sts:AssumeRole"),
    resource: fc.constant("arn:aws:iam::111111111111:role/r"),
    resourcePolicy: trustPolicy,
  }),
);
/** With what follows from the principal, in the words of the documentation's tables. */
function completed(
  given: Readonly<Record<string, string | readonly string[]>>,
  who: PrincipalContext,
): Readonly<Record<string, string | readonly string[]>> {
  const type = {
    anonymous: "Anonymous",
    "web-identity": "Anonymous",
    service: "AWSService",
    root: "Account",
    user: "User",
    "assumed-role": "AssumedRole",
    "federated-user": "FederatedUser",
  }[who.type];
  const team = "tags" in who ? who.tags?.get("team") : undefined;
  return {
    ...given,
    "aws:PrincipalType": type,
    ...(who.type === "user" ? { "aws:username": who.userName } : {}),
    ...(team === undefined ? {} : { "aws:PrincipalTag/team": team }),
  };
}

test("the compiled evaluator decides as the literal one", () => {
  const seen = { allowed: 0, "explicit-deny": 0, "implicit-deny": 0 };
  fc.assert(
    fc.property(scenario, ({ values: given, identity, resourcePolicy, boundary, session, ...rest }) => {
      const lower = new Map(Object.entries(given).map(([name, item]) => [name.toLowerCase(), item]));
      const request: AuthorizationRequest = { ...rest, context: { get: (name) => lower.get(name) } };
      const decision = authorize(request, {
        identity: identity.map((policy) => compilePolicy(policy)),
        resource: resourcePolicy === undefined ? undefined : compilePolicy(resourcePolicy),
        boundary: boundary === undefined ? undefined : compilePolicy(boundary),
        session: session.map((policy) => compilePolicy(policy)),
      });
      const literal = literallyDecide(
        { ...request, values: completed(given, rest.principal) },
        { identity, resource: resourcePolicy, boundary, session },
      );
      seen[decision.reason]++;
      expect(decision.reason).toBe(
        literal === "allowed" ? "allowed" : literal === "explicit-deny" ? "explicit-deny" : "implicit-deny",
      );
      expect(decision.allowed).toBe(literal === "allowed");
    }),
    { numRuns: runs(2000) },
  );
  // The property is worth something only when all outcomes occur.
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(30);
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

test("what a policy decides is the first denial that applies, or the allowance that names the caller most directly", () => {
  fc.assert(
    fc.property(scenario, ({ identity, resourcePolicy, values: given, ...rest }) => {
      const lower = new Map(Object.entries(given).map(([name, item]) => [name.toLowerCase(), item]));
      const request: AuthorizationRequest = { ...rest, context: { get: (name) => lower.get(name) } };
      const asked = request.action.toLowerCase();
      for (const document of [...identity, ...(resourcePolicy === undefined ? [] : [resourcePolicy])]) {
        const policy = compilePolicy(document);
        const verdict = policy.evaluate(request, asked, request.context);
        const found = policy.applicable(request, asked, request.context);
        const allowed = found.filter(({ effect }) => effect === "Allow").sort((a, b) => b.grade - a.grade)[0];
        const deny = found.find(({ effect }) => effect === "Deny")?.index ?? -1;
        expect(verdict.deny).toBe(deny);
        if (deny === -1) expect([verdict.allow, verdict.grade]).toEqual([allowed?.index ?? -1, allowed?.grade ?? 0]);
      }
    }),
    { numRuns: runs(1000) },
  );
});
