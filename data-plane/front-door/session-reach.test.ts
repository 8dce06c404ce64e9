import { expect, test } from "bun:test";
import type { SessionPrincipal } from "#contracts";
import { Principals } from "#data-plane/principals";
import type { Caller } from "#data-plane/service";
import { AwsError, loadServiceModel, type ServiceName } from "#foundation/aws";
import { SignatureError } from "#foundation/aws/sigv4";
import { expectSessionReaches } from "./session-reach.ts";
import { ACCOUNT, FakeCatalog } from "./testing/fake-catalog.ts";
import { NOW } from "./testing/fake-request.ts";

const catalog = new FakeCatalog();
catalog.addAccount(ACCOUNT);
catalog.putKey("AKIAROOT");
catalog.putUser("ana");
catalog.putKey("AKIAANA", { owner: { type: "user", userName: "ana" } });
catalog.putRole("reader", {});
catalog.putMember("prs_1");
const principals = new Principals(catalog);

const session = (principal: SessionPrincipal): Caller =>
  principals.claimed(catalog.session(principal, NOW), NOW).caller;
const key = (accessKeyId: string): Caller => principals.claimed({ accessKeyId, sessionToken: undefined }, NOW).caller;

const CALLERS = {
  "the root user": key("AKIAROOT"),
  "a user": key("AKIAANA"),
  "a role": session({ type: "role", accountId: ACCOUNT, roleId: "AROAREADER", sessionName: "work" }),
  "a member": session({ type: "member", accountId: ACCOUNT, personId: "prs_1", email: "ada@example.com" }),
  "the root user's session": session({ type: "caller", accountId: ACCOUNT, madeWithKey: "AKIAROOT" }),
  "a user's session": session({ type: "caller", accountId: ACCOUNT, madeWithKey: "AKIAANA" }),
  "a federated user": session({ type: "federated", accountId: ACCOUNT, madeWithKey: "AKIAANA", name: "bob" }),
} as const;

type Who = keyof typeof CALLERS;
const EVERYBODY = Object.keys(CALLERS) as readonly Who[];
const KEYS: readonly Who[] = ["the root user", "a user"];
const BUT_LIMITED: readonly Who[] = [...KEYS, "a role", "a member"];

test.each<[ServiceName, string, readonly Who[]]>([
  ["s3", "GetObject", EVERYBODY],
  ["dynamodb", "PutItem", EVERYBODY],
  ["iam", "GetUser", BUT_LIMITED],
  ["iam", "CreateUser", BUT_LIMITED],
  ["sts", "GetCallerIdentity", EVERYBODY],
  ["sts", "AssumeRole", [...BUT_LIMITED, "the root user's session", "a user's session"]],
  ["sts", "GetAccessKeyInfo", BUT_LIMITED],
  ["sts", "GetSessionToken", KEYS],
  ["sts", "GetFederationToken", KEYS],
])("%s:%s is reached by the right ones", async (service, name, reaching) => {
  const model = await loadServiceModel(service);
  const operation = model.operation(name)!;
  const reached = EVERYBODY.filter((who) => {
    try {
      expectSessionReaches({ service: model, operation }, CALLERS[who]);
      return true;
    } catch (error) {
      expect(error).toBeInstanceOf(service === "iam" ? SignatureError : AwsError);
      return false;
    }
  });
  expect([...reached].sort()).toEqual([...reaching].sort());
});
