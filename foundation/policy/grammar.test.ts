import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type PolicyKind, PolicySyntaxError, parsePolicy, policySize, requireVersion } from "./index.ts";

const allow = { Effect: "Allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::bucket/*" };
const everyone = { ...allow, Principal: "*" };
const trust = { Effect: "Allow", Action: "sts:AssumeRole", Principal: { AWS: "123456789012" } };

function document(statement: unknown, rest: object = { Version: "2012-10-17" }): string {
  return JSON.stringify({ ...rest, Statement: statement });
}

function messageOf(text: string, kind: PolicyKind): string {
  try {
    parsePolicy(text, kind);
  } catch (error) {
    if (error instanceof PolicySyntaxError) return error.message;
    throw error;
  }
  return "accepted";
}

describe("accepted", () => {
  test("single values become lists", () => {
    const parsed = parsePolicy(
      document({ ...allow, Sid: "One", Condition: { Bool: { "aws:SecureTransport": true } } }),
      "identity",
    );
    expect(parsed).toEqual({
      kind: "identity",
      version: "2012-10-17",
      id: undefined,
      statements: [
        {
          sid: "One",
          effect: "Allow",
          principal: undefined,
          notPrincipal: undefined,
          action: ["s3:GetObject"],
          notAction: undefined,
          resource: ["arn:aws:s3:::bucket/*"],
          notResource: undefined,
          conditions: [{ operator: "Bool", key: "aws:SecureTransport", values: ["true"] }],
        },
      ],
    });
  });

  test("without a version the language is that of 2008; managed policies must have the new one", () => {
    const old = parsePolicy(document(allow, {}), "identity");
    expect(old.version).toBe("2008-10-17");
    expect(() => requireVersion(old)).toThrow("Policy document must be version 2012-10-17 or greater.");
    requireVersion(parsePolicy(document(allow), "identity"));
  });

  const good: readonly (readonly [string, PolicyKind, unknown])[] = [
    ["everything", "identity", { Effect: "Allow", Action: "*", Resource: "*" }],
    ["NotAction and NotResource", "identity", { Effect: "Deny", NotAction: ["iam:*", "sts:*"], NotResource: "*" }],
    ["variables in resources", "identity", { ...allow, Resource: "arn:aws:s3:::b/${aws:username}/*" }],
    ["wildcards in every segment", "identity", { ...allow, Resource: "arn:aws:sqs:*:*:queue-?" }],
    [
      "a principal of every kind",
      "resource",
      {
        ...allow,
        Principal: {
          AWS: [
            "123456789012",
            "arn:aws:iam::123456789012:root",
            "arn:aws:iam::123456789012:user/path/ana",
            "AIDAEXAMPLEEXAMPLE000",
          ],
          Service: "lambda.amazonaws.com",
          CanonicalUser: "ab".repeat(32),
          Federated: "accounts.google.com",
        },
      },
    ],
    [
      "a session as principal",
      "resource",
      { ...allow, Principal: { AWS: "arn:aws:sts::123456789012:assumed-role/r/s" } },
    ],
    ["any text as Sid", "resource", { ...everyone, Sid: "not alphanumeric: fine" }],
    ["NotPrincipal with Deny", "resource", { ...allow, Effect: "Deny", NotPrincipal: { AWS: "123456789012" } }],
    ["a trust policy", "trust", trust],
    [
      "web identity",
      "trust",
      {
        Effect: "Allow",
        Action: "sts:AssumeRoleWithWebIdentity",
        Principal: { Federated: "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com" },
        Condition: { StringLike: { "token.actions.githubusercontent.com:sub": "repo:octo/*" } },
      },
    ],
    [
      "every qualifier",
      "identity",
      {
        ...allow,
        Condition: {
          "ForAllValues:StringLikeIfExists": { "aws:TagKeys": ["a*", "b"] },
          "ForAnyValue:ArnNotLike": { "aws:SourceArn": "arn:aws:sns:*:*:x" },
          NumericLessThanEqualsIfExists: { "s3:max-keys": 10 },
          DateGreaterThan: { "aws:CurrentTime": ["2020-01-01", "2020-01-01T00:00:00Z", "1577836800"] },
          IpAddress: { "aws:SourceIp": ["10.0.0.0/8", "2001:db8::/32", "::1"] },
          BinaryEquals: { "x:y": "QmluYXJ5" },
          Null: { "aws:TokenIssueTime": "true" },
        },
      },
    ],
  ];
  for (const [name, kind, statement] of good) {
    test(`${kind}: ${name}`, () => expect(messageOf(document(statement), kind)).toBe("accepted"));
  }
});

describe("refused, in the words of IAM", () => {
  const syntax = "Syntax errors in policy.";
  const cases: readonly (readonly [string, PolicyKind, string, string])[] = [
    ["not JSON", "identity", "{", syntax],
    ["not an object", "identity", "[]", syntax],
    ["an unknown element", "identity", JSON.stringify({ Version: "2012-10-17", Statements: [] }), syntax],
    ["an unknown version", "identity", document(allow, { Version: "2013-10-17" }), syntax],
    ["no statement", "identity", JSON.stringify({ Version: "2012-10-17" }), syntax],
    ["a repeated member", "identity", '{"Version":"2012-10-17","Statement":[],"Statement":[]}', syntax],
    [
      "a repeated operator",
      "identity",
      `{"Statement":{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Bool":{"a:b":"true"},"Bool":{"c:d":"true"}}}}`,
      syntax,
    ],
    ["no effect", "identity", document({ Action: "*", Resource: "*" }), syntax],
    ["an effect in lower case", "identity", document({ ...allow, Effect: "allow" }), syntax],
    ["no action", "identity", document({ Effect: "Allow", Resource: "*" }), "Policy statement must contain actions."],
    ["both actions", "identity", document({ ...allow, NotAction: "*" }), syntax],
    [
      "an action without vendor",
      "identity",
      document({ ...allow, Action: "GetObject" }),
      "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
    ],
    [
      "an action with two colons",
      "identity",
      document({ ...allow, Action: "s3:Get:Object" }),
      "Actions/Condition can contain only one colon.",
    ],
    ["an action of a strange vendor", "identity", document({ ...allow, Action: "s 3:Get" }), "Vendor s 3 is not valid"],
    ["an action that is a number", "identity", document({ ...allow, Action: 1 }), syntax],
    ["no resource", "identity", document({ Effect: "Allow", Action: "*" }), "Policy statement must contain resources."],
    [
      "a resource that is no ARN",
      "identity",
      document({ ...allow, Resource: "bucket" }),
      'Resource bucket must be in ARN format or "*".',
    ],
    ["a short ARN", "identity", document({ ...allow, Resource: "arn:aws:s3" }), "The policy failed legacy parsing"],
    [
      "an unknown partition",
      "identity",
      document({ ...allow, Resource: "arn:azure:s3:::b" }),
      'Partition "azure" is not valid for resource "arn:azure:s3:::b".',
    ],
    [
      "a vendor with a wildcard",
      "identity",
      document({ ...allow, Resource: "arn:aws:s*:::b" }),
      "Resource vendor must be fully qualified and cannot contain regexes.",
    ],
    ["a principal", "identity", document(everyone), "Policy document should not specify a principal."],
    [
      "a Sid with a dash",
      "identity",
      document({ ...allow, Sid: "a-b" }),
      "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*",
    ],
    [
      "two equal Sids",
      "identity",
      document([
        { ...allow, Sid: "a" },
        { ...allow, Sid: "a" },
      ]),
      "Statement IDs (SID) in a single policy must be unique.",
    ],
    [
      "an unknown operator",
      "identity",
      document({ ...allow, Condition: { StringIs: { "a:b": "c" } } }),
      "Invalid Condition type : StringIs.",
    ],
    [
      "a condition key without vendor",
      "identity",
      document({ ...allow, Condition: { Bool: { secure: "true" } } }),
      "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
    ],
    [
      "a number that is none",
      "identity",
      document({ ...allow, Condition: { NumericEquals: { "a:b": "ten" } } }),
      syntax,
    ],
    ["a date that is none", "identity", document({ ...allow, Condition: { DateEquals: { "a:b": "today" } } }), syntax],
    [
      "an address that is none",
      "identity",
      document({ ...allow, Condition: { IpAddress: { "a:b": "10.0.0.0/33" } } }),
      syntax,
    ],
    [
      "a condition value that is an object",
      "identity",
      document({ ...allow, Condition: { Bool: { "a:b": {} } } }),
      syntax,
    ],
    ["trust: no principal", "trust", document({ ...trust, Principal: undefined }), "Missing required field Principal"],
    ["trust: a resource", "trust", document({ ...trust, Resource: "*" }), "Has prohibited field Resource"],
    [
      "trust: another action",
      "trust",
      document({ ...trust, Action: "s3:GetObject" }),
      "AssumeRole policy may only specify STS AssumeRole actions.",
    ],
    [
      "trust: a wildcard in an ARN",
      "trust",
      document({ ...trust, Principal: { AWS: "arn:aws:iam::123456789012:role/*" } }),
      'Invalid principal in policy: "AWS":"arn:aws:iam::123456789012:role/*"',
    ],
    ["trust: not JSON", "trust", "trust", "This policy contains invalid Json"],
  ];
  for (const [name, kind, text, message] of cases) {
    test(name, () => expect(messageOf(text, kind)).toBe(message));
  }
});

describe("refused, in the words of S3", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["not JSON", "policy", "Policies must be valid JSON and the first byte must be '{'"],
    ["an unknown element", document(everyone, { Version: "2012-10-17", Kind: 1 }), "Unknown field Kind"],
    ["an unknown element of a statement", document({ ...everyone, Action2: 1 }), "Unknown field Action2"],
    ["no statement", "{}", "Missing required field Statement"],
    [
      "a wrong version",
      document(everyone, { Version: "2020-01-01" }),
      "The policy must contain a valid version string",
    ],
    ["no effect", document({ ...everyone, Effect: undefined }), "Missing required field Effect"],
    ["a wrong effect", document({ ...everyone, Effect: "Permit" }), "Invalid effect: Permit"],
    ["no principal", document(allow), "Missing required field Principal"],
    ["an unknown kind of principal", document({ ...allow, Principal: { GCP: "x" } }), "Invalid principal in policy"],
    [
      "a principal from the prototype",
      document({ ...allow, Principal: { toString: "x" } }),
      "Invalid principal in policy",
    ],
    ["a principal that is none", document({ ...allow, Principal: { AWS: "ana" } }), "Invalid principal in policy"],
    [
      "a session wildcard",
      document({ ...allow, Principal: { AWS: "arn:aws:sts::123456789012:assumed-role/r/*" } }),
      "Invalid principal in policy",
    ],
    ["an action without vendor", document({ ...everyone, Action: "GetObject" }), "Policy has invalid action"],
    ["no action", document({ ...everyone, Action: undefined }), "Missing required field Action"],
    ["no resource", document({ ...everyone, Resource: undefined }), "Missing required field Resource"],
    ["a resource that is no ARN", document({ ...everyone, Resource: "bucket" }), "Policy has invalid resource"],
    [
      "a key without vendor",
      document({ ...everyone, Condition: { Bool: { a: "true" } } }),
      "Policy has an invalid condition key",
    ],
    ["allow with NotPrincipal", document({ ...allow, NotPrincipal: "*" }), "Allow with NotPrincipal is not allowed."],
  ];
  for (const [name, text, message] of cases) test(name, () => expect(messageOf(text, "resource")).toBe(message));

  test("more than 20 KiB", () => {
    const text = document({ ...everyone, Sid: "x".repeat(21_000) });
    expect(() => parsePolicy(text, "resource")).toThrow(PolicySyntaxError);
    try {
      parsePolicy(text, "resource");
    } catch (error) {
      expect(error).toMatchObject({ problem: "too-large" });
    }
  });
});

test("documents that nest endlessly are refused before anything looks into them", () => {
  for (const depth of [17, 5_000, 60_000]) {
    const nested = `${"[".repeat(depth)}${"]".repeat(depth)}`;
    expect(messageOf(`{"Statement":${nested}}`, "identity")).toBe("Syntax errors in policy.");
    expect(messageOf(`{"Statement":{"Principal":${nested}}}`, "trust")).toMatch(
      /^(?:Syntax errors in policy\.|This policy contains invalid Json)$/,
    );
  }
});

test("size does not count white space", () => {
  expect(policySize('{ "Version" :\n\t"2012-10-17" }')).toBe('{"Version":"2012-10-17"}'.length);
});

test("any JSON is accepted or refused by type", () => {
  const word = fc.constantFrom(
    "Version",
    "Statement",
    "Effect",
    "Action",
    "Resource",
    "Principal",
    "Condition",
    "AWS",
    "Allow",
    "Deny",
    "*",
    "s3:*",
    "2012-10-17",
    "StringEquals",
    "aws:x",
    "arn:aws:s3:::b",
    "__proto__",
    "constructor",
    "${aws:x}",
    "",
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      word,
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(word, tie("value"), { maxKeys: 4 }),
    ),
  }));
  const statement = fc.record(
    {
      Effect: fc.oneof(word, value),
      Action: fc.oneof(word, value),
      Resource: fc.oneof(word, value),
      Principal: value,
      Condition: value,
    },
    { requiredKeys: ["Effect"] },
  );
  const kinds = fc.constantFrom<PolicyKind>("identity", "resource", "trust", "session", "boundary");
  fc.assert(
    fc.property(
      fc.oneof(value, fc.record({ Version: word, Statement: fc.oneof(statement, fc.array(statement)) })),
      kinds,
      (json, kind) => {
        expect(typeof messageOf(JSON.stringify(json) ?? "", kind)).toBe("string");
      },
    ),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(fc.string(), kinds, (text, kind) => {
      expect(messageOf(text, kind)).not.toBe("accepted");
    }),
  );
});
