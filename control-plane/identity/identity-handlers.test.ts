import { beforeEach, describe, expect, test } from "bun:test";
import type { AccountId, EventEnvelope, EventId } from "#contracts";
import {
  type AnyEvent,
  CatalogViews,
  type CommandHandler,
  type CommandOf,
  catalogChangesOf,
  type Decision,
  EVENT_TYPES,
  type NewEvent,
} from "#control-plane/events";
import { createIdentityHandlers, decideRoot, IDENTITY_LIMITS, type IdentityCommands, rootKeyOf } from "./index.ts";

const ACCOUNT = "111122223333" as AccountId;
const OTHER = "999988887777" as AccountId;

let drawn = 0;
let views = new CatalogViews();
let appended: AnyEvent[] = [];

const names = {
  accountId: () => String(100_000_000_000 + ++drawn) as AccountId,
  canonicalUserId: () => "c".repeat(64),
  userId: () => `AIDA${++drawn}`,
  accessKeyId: () => `AKIA${++drawn}`,
  secretAccessKey: () => `secret-${++drawn}`,
};
const dependencies = {
  names,
  seal: (text: string, additionalData: string) => `sealed(${text},${additionalData})`,
  parseIdentityPolicy(document: string) {
    if (!document.startsWith("{")) throw new Error("Syntax errors in policy.");
  },
  limits: { ...IDENTITY_LIMITS, usersPerAccount: 3 },
};
const handlers = createIdentityHandlers(dependencies);

function append(events: readonly NewEvent[]): void {
  for (const event of events) {
    const envelope = { ...event, id: (appended.length + 1) as EventId, occurredAt: appended.length, version: 1 };
    const complete = { ...envelope, aggregateType: EVENT_TYPES[event.type].aggregate } as EventEnvelope as AnyEvent;
    for (const change of catalogChangesOf(complete, (kind, key) => views.record(kind, key))) views.apply(change);
    appended.push(complete);
  }
}

/** Decides and carries out. */
function run<Given extends CommandOf<IdentityCommands>>(command: Given): Decision<Given["type"]> {
  const handler = handlers[command.type] as CommandHandler<Given["type"]>;
  const decision = handler(command as never, views);
  if (decision.ok) append(decision.events);
  return decision;
}

function codeOf(decision: Decision<IdentityCommands>): string {
  return decision.ok ? `ok ${decision.events.length}` : decision.code;
}

const user = (userName: string, accountId = ACCOUNT) => ({ accountId, userName });

beforeEach(() => {
  views = new CatalogViews();
  appended = [];
  run({ type: "account.create", name: "main", accountId: ACCOUNT });
  run({ type: "account.create", name: "other", accountId: OTHER });
});

describe("accounts", () => {
  test("have names that are unique without regard to case, and unique ids", () => {
    expect(codeOf(run({ type: "account.create", name: "MAIN" }))).toBe("AccountAlreadyExists");
    expect(codeOf(run({ type: "account.create", name: "third", accountId: ACCOUNT }))).toBe("AccountAlreadyExists");
    expect(codeOf(run({ type: "account.create", name: "third" }))).toBe("ok 1");
    for (const name of ["", " x", "x ", "x".repeat(51), "ü", "a\tb"]) {
      expect(codeOf(run({ type: "account.create", name }))).toBe("ValidationFailed");
    }
    expect(codeOf(run({ type: "account.create", name: "x".repeat(50) }))).toBe("ok 1");
  });

  test("draw another id when the first is taken", () => {
    drawn = 500;
    const taken = "100000000501" as AccountId;
    run({ type: "account.create", name: "taken", accountId: taken });
    const decision = run({ type: "account.create", name: "new" });
    expect(decision.ok && decision.result.accountId).toBe("100000000502" as AccountId);
  });
});

describe("users", () => {
  test("are created once, with an ARN that holds the path", () => {
    const decision = run({ type: "user.create", ...user("Ada"), path: "/team/a/" });
    expect(decision.ok && decision.result.arn).toBe(`arn:aws:iam::${ACCOUNT}:user/team/a/Ada`);
    expect(views.user(ACCOUNT, "Ada")).toMatchObject({ path: "/team/a/", inlinePolicies: {} });
    for (const name of ["Ada", "ada", "ADA"]) {
      expect(run({ type: "user.create", ...user(name) })).toMatchObject({
        code: "UserAlreadyExists",
        message: `User with name ${name} already exists.`,
      });
    }
    expect(codeOf(run({ type: "user.create", ...user("Ada", OTHER) }))).toBe("ok 1");
    expect(codeOf(run({ type: "user.create", ...user("Ada", "000000000000" as AccountId) }))).toBe("NoSuchAccount");
  });

  test("have names and paths as IAM allows them", () => {
    for (const name of ["a", "A_b+c=d,e.f@g-1", "x".repeat(64)]) {
      expect(codeOf(run({ type: "user.create", ...user(name, OTHER) }))).toBe("ok 1");
    }
    for (const name of ["", "a b", "a/b", "ä", "x".repeat(65), "a\n", "a:b", "a*"]) {
      expect(codeOf(run({ type: "user.create", ...user(name) }))).toBe("ValidationFailed");
    }
    for (const path of ["", "x", "/x", "x/", "/x y/", "/ä/", `/${"x".repeat(511)}/`, "/\u007f/"]) {
      expect(codeOf(run({ type: "user.create", ...user("a"), path }))).toBe("ValidationFailed");
    }
    expect(codeOf(run({ type: "user.create", ...user("a"), path: `/${"x".repeat(510)}/` }))).toBe("ok 1");
  });

  test("are limited per account", () => {
    for (const name of ["a", "b", "c"]) expect(codeOf(run({ type: "user.create", ...user(name) }))).toBe("ok 1");
    expect(run({ type: "user.create", ...user("d") })).toMatchObject({
      code: "LimitExceeded",
      message: "Cannot exceed quota for UsersPerAccount: 3",
    });
    run({ type: "user.delete", ...user("a") });
    expect(codeOf(run({ type: "user.create", ...user("d") }))).toBe("ok 1");
  });

  test("go only when nothing hangs on them", () => {
    run({ type: "user.create", ...user("ada") });
    run({ type: "userPolicy.put", ...user("ada"), policyName: "p", document: "{}" });
    const key = run({ type: "accessKey.create", accountId: ACCOUNT, owner: { type: "user", userName: "ada" } });
    const accessKeyId = key.ok ? key.result.accessKeyId : "";
    const remove = () => run({ type: "user.delete", ...user("ada") });
    expect(remove()).toMatchObject({
      code: "DeleteConflict",
      message: "Cannot delete entity, must delete policies first.",
    });
    run({ type: "userPolicy.delete", ...user("ada"), policyName: "p" });
    expect(remove()).toMatchObject({
      code: "DeleteConflict",
      message: "Cannot delete entity, must delete access keys first.",
    });
    run({ type: "accessKey.delete", accountId: ACCOUNT, accessKeyId });
    expect(codeOf(remove())).toBe("ok 1");
    expect(codeOf(remove())).toBe("NoSuchUser");
  });
});

describe("inline policies", () => {
  beforeEach(() => void run({ type: "user.create", ...user("ada") }));
  const put = (policyName: string, document: string) =>
    run({ type: "userPolicy.put", ...user("ada"), policyName, document });

  test("are kept byte for byte; the same again appends nothing", () => {
    const document = '{ "Version" : "2012-10-17",\r\n\t"Statement": [] }';
    expect(codeOf(put("p", document))).toBe("ok 1");
    expect(views.user(ACCOUNT, "ada")?.inlinePolicies).toEqual({ p: document });
    expect(codeOf(put("p", document))).toBe("ok 0");
    expect(codeOf(put("p", "{}"))).toBe("ok 1");
  });

  test("are refused when malformed, misnamed, too large, or of nobody", () => {
    expect(put("p", "no")).toMatchObject({ code: "MalformedPolicyDocument", message: "Syntax errors in policy." });
    expect(codeOf(put("a b", "{}"))).toBe("ValidationFailed");
    expect(codeOf(put("x".repeat(129), "{}"))).toBe("ValidationFailed");
    expect(codeOf(put("p", ""))).toBe("ValidationFailed");
    expect(codeOf(put("p", "{\u0000}"))).toBe("ValidationFailed");
    expect(codeOf(put("p", '{"\u20ac"}'))).toBe("ValidationFailed");
    const nobody = { type: "userPolicy.put", ...user("bob"), policyName: "p", document: "{}" } as const;
    expect(codeOf(run(nobody))).toBe("NoSuchUser");
  });

  test("have 2,048 characters together, white space not counted, what is replaced not either", () => {
    const text = (characters: number) => `{${"x".repeat(characters - 2)}}${" ".repeat(3000)}`;
    expect(codeOf(put("a", text(1024)))).toBe("ok 1");
    expect(put("b", text(1025))).toMatchObject({
      code: "LimitExceeded",
      message: "Maximum policy size of 2048 bytes exceeded for user ada",
    });
    expect(codeOf(put("b", text(1024)))).toBe("ok 1");
    expect(codeOf(put("a", text(1000)))).toBe("ok 1");
  });

  test("are deleted once", () => {
    put("p", "{}");
    expect(codeOf(run({ type: "userPolicy.delete", ...user("ada"), policyName: "p" }))).toBe("ok 1");
    expect(run({ type: "userPolicy.delete", ...user("ada"), policyName: "p" })).toMatchObject({
      code: "NoSuchPolicy",
      message: "The user policy with name p cannot be found.",
    });
  });
});

describe("access keys", () => {
  const create = (userName?: string) =>
    run({
      type: "accessKey.create",
      accountId: ACCOUNT,
      owner: userName === undefined ? { type: "root" } : { type: "user", userName },
    });

  test("show their secret once; the record holds it sealed with the key's id", () => {
    const decision = create();
    if (!decision.ok) throw new Error(decision.message);
    const { accessKeyId, secretAccessKey } = decision.result;
    expect(views.accessKey(accessKeyId)).toMatchObject({
      status: "Active",
      owner: { type: "root" },
      sealedSecret: `sealed(${secretAccessKey},${accessKeyId})`,
    });
  });

  test("are two per owner", () => {
    run({ type: "user.create", ...user("ada") });
    for (const owner of [undefined, "ada"]) {
      expect([create(owner), create(owner), create(owner)].map(codeOf)).toEqual(["ok 1", "ok 1", "LimitExceeded"]);
    }
    expect(codeOf(create("bob"))).toBe("NoSuchUser");
  });

  test("are switched and deleted by their own account only", () => {
    const decision = create();
    const accessKeyId = decision.ok ? decision.result.accessKeyId : "";
    const update = (accountId: AccountId, status: "Active" | "Inactive") =>
      run({ type: "accessKey.update", accountId, accessKeyId, status });
    expect(codeOf(update(OTHER, "Inactive"))).toBe("NoSuchAccessKey");
    expect(codeOf(update(ACCOUNT, "Active"))).toBe("ok 0");
    expect(codeOf(update(ACCOUNT, "Inactive"))).toBe("ok 1");
    expect(rootKeyOf(views, ACCOUNT)).toBeUndefined();
    expect(codeOf(run({ type: "accessKey.delete", accountId: OTHER, accessKeyId }))).toBe("NoSuchAccessKey");
    expect(codeOf(run({ type: "accessKey.delete", accountId: ACCOUNT, accessKeyId }))).toBe("ok 1");
    expect(codeOf(run({ type: "accessKey.delete", accountId: ACCOUNT, accessKeyId }))).toBe("NoSuchAccessKey");
  });
});

test("decideRoot() makes an account and its key in one decision", () => {
  const { accountId, events } = decideRoot(dependencies, { name: "root" });
  append(events);
  expect(events.map((event) => event.type)).toEqual(["account.created", "accessKey.created"]);
  expect(rootKeyOf(views, accountId)?.owner).toEqual({ type: "root" });
});
