/**
 * Requests made at random from IAM's own model: operations and members that exist, with values that fit, nearly fit, or that nobody would send, against an account
 * that they change as they go. Whatever they are, they are answered, none is our fault, and the account stays whole.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { GetAccountAuthorizationDetailsCommand } from "@aws-sdk/client-iam";
import fc from "fast-check";
import { iamOperationNames } from "#data-plane/iam";
import { loadServiceModel, type Shape } from "#foundation/aws";
import { signRequest } from "#foundation/aws/sigv4";
import { openWorld, REGION, type World } from "./world.ts";

const RUNS = 1_500;
const DEPTH_MAX = 3;

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const model = await loadServiceModel("iam");

const document = (statement: object) => JSON.stringify({ Version: "2012-10-17", Statement: statement });
const texts = fc.oneof(
  // Few names, so that requests meet each other's entities.
  { weight: 4, arbitrary: fc.constantFrom("a", "B", "b", "__proto__", "v1", "v2", "read") },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      ...[
        "/",
        "/a/",
        "/a",
        "Active",
        "Inactive",
        "Local",
        "AWS",
        "User",
        "string",
        "true",
        "1",
        "3600",
        "0",
        "-1",
        "1e3",
      ],
      ...[
        "arn:aws:iam::aws:policy/ReadOnlyAccess",
        "arn:aws:iam::aws:policy/service-role/x",
        "arn:aws:iam::ACCOUNT:root",
      ],
      ...["arn:aws:iam::ACCOUNT:policy/a", "arn:aws:iam::ACCOUNT:policy/a/read", "arn:aws:iam::ACCOUNT:user/a"],
      ...["arn:aws:iam::ACCOUNT:oidc-provider/a.example", "arn:aws:iam::OTHER:policy/a", "arn:aws:iam::ACCOUNT:role/b"],
      ...["https://a.example", "http://127.0.0.1:1/x", "https://", "a".repeat(40), "s3:GetObject", "*"],
      document({ Effect: "Allow", Action: "*", Resource: "*" }),
      document({ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" }),
      ...['{"Version":"2012-10-17","Statement":[]}', "{", "[]", '"', "null", "AKIAAAAAAAAAAAAAAAAA"],
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 20 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom("x".repeat(65), "x".repeat(129), "x".repeat(3000), "\u0000", "\ud83d\ude00"),
  },
);

const ALLOW = document({ Effect: "Allow", Action: "*", Resource: "*" });
const TRUST = document({ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" });

/** Values that fit, by the name of the member; few, so that requests meet each other's entities. */
const FITTING: readonly (readonly [member: RegExp, values: readonly string[]])[] = [
  [/AssumeRolePolicyDocument$/, [TRUST]],
  [/Document$|PolicyInputList\.member|^ResourcePolicy$/, [ALLOW]],
  [/PolicyArn$|PermissionsBoundary$/, ["arn:aws:iam::ACCOUNT:policy/a", "arn:aws:iam::aws:policy/ReadOnlyAccess"]],
  [/PolicySourceArn$|^Arn$/, ["arn:aws:iam::ACCOUNT:user/a", "arn:aws:iam::ACCOUNT:role/a"]],
  [/CallerArn$/, ["arn:aws:iam::ACCOUNT:user/a"]],
  [/ProviderArn$/, ["arn:aws:iam::ACCOUNT:oidc-provider/a.example"]],
  [/Name$/, ["a", "b"]],
  [/Path$|PathPrefix$/, ["/"]],
  [/VersionId$/, ["v1", "v2", "v3"]],
  [/^Url$/, ["https://a.example"]],
  [/ThumbprintList/, ["a".repeat(40)]],
  [/MaxSessionDuration$/, ["3600"]],
  [/MaxItems$/, ["1", "100"]],
  [/SetAsDefault$|OnlyAttached$/, ["true", "false"]],
  [/AccountAlias$/, ["our-cloud"]],
  [/AccessKeyId$/, ["KEY"]],
  [/ActionNames/, ["s3:GetObject"]],
  [/ServiceNamespaces/, ["s3"]],
  [/Key$|TagKeys/, ["k", "l"]],
];

function valueFor(name: string): fc.Arbitrary<string> {
  const fitting = FITTING.find(([member]) => member.test(name))?.[1];
  if (fitting === undefined) return texts;
  return fc.oneof({ weight: 19, arbitrary: fc.constantFrom(...fitting) }, { weight: 1, arbitrary: texts });
}

/** Form parameters for a member, and sometimes for none. */
function parameters(shape: Shape, prefix: string, depth: number): fc.Arbitrary<readonly (readonly [string, string])[]> {
  if (depth > DEPTH_MAX) return fc.constant([]);
  switch (shape.kind) {
    case "structure":
    case "union":
      return fc
        .tuple(
          ...shape.members.map(({ name, shape: inner, required }) =>
            fc
              .tuple(
                fc.integer({ min: 0, max: required ? 30 : 5 }),
                parameters(inner, prefix === "" ? name : `${prefix}.${name}`, depth + 1),
              )
              .map(([chance, given]) => ((required ? chance > 0 : chance === 0) ? given : [])),
          ),
        )
        .map((given) => given.flat());
    case "list":
      return fc
        .integer({ min: 0, max: 3 })
        .chain((length) =>
          fc.tuple(
            ...Array.from({ length }, (_, index) =>
              parameters(shape.element.shape, `${prefix}.member.${index + 1}`, depth + 1),
            ),
          ),
        )
        .map((given) => given.flat());
    default:
      return valueFor(prefix).map((text) => [[prefix, text]]);
  }
}

const requests = fc
  .constantFrom(...iamOperationNames)
  .chain((name) => parameters(model.operation(name)!.input, "", 0).map((given) => ({ name, given })));

async function send(name: string, given: readonly (readonly [string, string])[]) {
  const form = new URLSearchParams([
    ["Action", name],
    ["Version", "2010-05-08"],
  ]);
  for (const [key, value] of given) {
    form.append(
      key,
      value
        .replaceAll("ACCOUNT", world.account)
        .replaceAll("OTHER", world.other)
        .replaceAll("KEY", world.root.accessKeyId),
    );
  }
  const body = form.toString();
  const { host } = new URL(world.url);
  const headers: [string, string][] = [
    ["host", host],
    ["content-type", "application/x-www-form-urlencoded; charset=utf-8"],
  ];
  const signed = signRequest(
    { method: "POST", path: "/", query: "", headers },
    new Bun.CryptoHasher("sha256").update(body).digest("hex"),
    { credential: world.root, region: REGION, service: "iam", now: Date.now() },
  );
  const response = await fetch(world.url, { method: "POST", headers: signed.headers as [string, string][], body });
  return { status: response.status, text: await response.text() };
}

test("every request is answered, and none is our fault", async () => {
  const answered = new Set<string>();
  await fc.assert(
    fc.asyncProperty(requests, async ({ name, given }) => {
      // The tests' own key stays.
      fc.pre(!/^(Update|Delete)AccessKey$/.test(name));
      const { status, text } = await send(name, given);
      if (status === 200) {
        answered.add(name);
        expect(text).toStartWith(`<${name}Response xmlns="https://iam.amazonaws.com/doc/2010-05-08/">`);
      } else {
        if (status < 400 || status > 499) throw new Error(`${status} ${text}`);
        expect(text).toMatch(/<Type>Sender<\/Type><Code>[A-Za-z]+<\/Code><Message>/);
      }
    }),
    { numRuns: RUNS },
  );
  // Otherwise this would be about refusals only.
  expect(answered.size).toBeGreaterThan(iamOperationNames.length / 2);
  const { UserDetailList } = await world.iam.send(new GetAccountAuthorizationDetailsCommand({}));
  expect(UserDetailList).toBeDefined();
  const { sound } = await world.controlPlane.verify();
  expect(sound).toBe(true);
}, 120_000);
