/** Which actions, resources and condition keys the operations of IAM ask about, seen by users with policies that depend on them. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import * as IAM from "@aws-sdk/client-iam";
import { openWorld, refusal, type World } from "./world.ts";

const READ = "arn:aws:iam::aws:policy/ReadOnlyAccess";
const ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess";
const trust = JSON.stringify({
  Version: "2012-10-17",
  Statement: { Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" },
});

let world: World;
let users = 0;
type Command = { readonly input: object };

/** A user that may do what the statements say: answers whether each call is allowed. */
async function as(...statements: readonly object[]): Promise<(command: Command) => Promise<boolean>> {
  const client = await world.user(`caller-${++users}`, statements);
  return async (command) => {
    try {
      await client.send(command as never);
      return true;
    } catch (error) {
      if ((error as Error).name !== "AccessDenied") throw error;
      return false;
    }
  };
}

const allow = (Action: string | readonly string[], Resource: string = "*", Condition?: object) => ({
  Effect: "Allow",
  Action,
  Resource,
  ...(Condition === undefined ? {} : { Condition }),
});
const arn = (rest: string) => `arn:aws:iam::${world.account}:${rest}`;
const root = (command: Command) => world.iam.send(command as never);

beforeAll(async () => {
  world = await openWorld();
  await root(new IAM.CreateUserCommand({ UserName: "ada", Path: "/team/", Tags: [{ Key: "Team", Value: "blue" }] }));
  await root(new IAM.CreateUserCommand({ UserName: "bob", Path: "/other/" }));
  await root(new IAM.CreateGroupCommand({ GroupName: "makers" }));
  await root(new IAM.CreateRoleCommand({ RoleName: "worker", Path: "/service/", AssumeRolePolicyDocument: trust }));
  await root(new IAM.CreateInstanceProfileCommand({ InstanceProfileName: "machine" }));
});
afterAll(() => world.close());

test("somebody without a word about IAM may do nothing", async () => {
  const may = await as(allow("s3:*"));
  expect(await may(new IAM.ListUsersCommand({}))).toBe(false);
  expect(await may(new IAM.GetUserCommand({ UserName: "ada" }))).toBe(false);
  expect(await may(new IAM.GetUserCommand({}))).toBe(false);
});

test("the refusal names user, action and resource", async () => {
  const client = await world.user("asker", []);
  expect(await refusal(client.send(new IAM.DeleteUserCommand({ UserName: "ada" })))).toBe(
    `AccessDenied: User: ${arn("user/asker")} is not authorized to perform: iam:DeleteUser on resource: ${arn("user/team/ada")} because no identity-based policy allows the iam:DeleteUser action`,
  );
});

test("who may see nothing cannot tell what exists", async () => {
  const client = await world.user("spy", []);
  const about = async (UserName: string) =>
    (await refusal(client.send(new IAM.GetUserCommand({ UserName })))).replaceAll(UserName, "X");
  // The path of an entity is part of its ARN, so that only one at the root of its kind can look like none.
  await root(new IAM.CreateUserCommand({ UserName: "plain" }));
  expect(await about("plain")).toBe(await about("ghost"));
});

describe("resources", () => {
  test("are ARNs with their path", async () => {
    const may = await as(allow("iam:GetUser", arn("user/team/*")));
    expect(await may(new IAM.GetUserCommand({ UserName: "ada" }))).toBe(true);
    expect(await may(new IAM.GetUserCommand({ UserName: "bob" }))).toBe(false);
  });

  test("are written as the entity is, however the caller writes it", async () => {
    const may = await as(allow("iam:GetUser"), {
      Effect: "Deny",
      Action: "iam:GetUser",
      Resource: arn("user/team/ada"),
    });
    expect(await may(new IAM.GetUserCommand({ UserName: "ADA" }))).toBe(false);
  });

  test("the caller itself is what a user without a name means", async () => {
    const may = await as(allow("iam:*AccessKey*", arn(`user/\${aws:username}`)));
    expect(await may(new IAM.ListAccessKeysCommand({}))).toBe(true);
    expect(await may(new IAM.ListAccessKeysCommand({ UserName: "ada" }))).toBe(false);
  });

  test("lists are of a kind below a path", async () => {
    const may = await as(allow("iam:ListUsers", arn("user/team/*")));
    expect(await may(new IAM.ListUsersCommand({ PathPrefix: "/team/" }))).toBe(true);
    expect(await may(new IAM.ListUsersCommand({}))).toBe(false);
  });

  test("who renames must be allowed to do so under both names", async () => {
    await root(new IAM.CreateUserCommand({ UserName: "old", Path: "/team/" }));
    const may = await as(allow("iam:UpdateUser", arn("user/team/*")));
    expect(await may(new IAM.UpdateUserCommand({ UserName: "old", NewPath: "/admins/" }))).toBe(false);
    expect(await may(new IAM.UpdateUserCommand({ UserName: "old", NewUserName: "new" }))).toBe(true);
    expect(await may(new IAM.UpdateUserCommand({ UserName: "bob", NewPath: "/team/" }))).toBe(false);
  });

  test("a key's user is asked about when its last use is", async () => {
    const { AccessKey } = await world.iam.send(new IAM.CreateAccessKeyCommand({ UserName: "ada" }));
    const may = await as(allow("iam:GetAccessKeyLastUsed", arn("user/team/ada")));
    expect(await may(new IAM.GetAccessKeyLastUsedCommand({ AccessKeyId: AccessKey?.AccessKeyId }))).toBe(true);
    const { accessKeyId } = world.root;
    expect(await may(new IAM.GetAccessKeyLastUsedCommand({ AccessKeyId: accessKeyId }))).toBe(false);
  });
});

describe("condition keys", () => {
  test("iam:PolicyARN says which policy is attached or detached", async () => {
    const may = await as(
      allow(["iam:AttachUserPolicy", "iam:DetachUserPolicy"], "*", { ArnEquals: { "iam:PolicyARN": READ } }),
    );
    expect(await may(new IAM.AttachUserPolicyCommand({ UserName: "bob", PolicyArn: ADMIN }))).toBe(false);
    expect(await may(new IAM.AttachUserPolicyCommand({ UserName: "bob", PolicyArn: READ }))).toBe(true);
    expect(await may(new IAM.DetachUserPolicyCommand({ UserName: "bob", PolicyArn: READ }))).toBe(true);
  });

  test("iam:PermissionsBoundary is the boundary that is put, or the one that is there", async () => {
    const may = await as(
      allow(["iam:CreateUser", "iam:PutUser*", "iam:AttachUserPolicy", "iam:DeleteUserPermissionsBoundary"], "*", {
        StringEquals: { "iam:PermissionsBoundary": READ },
      }),
    );
    expect(await may(new IAM.CreateUserCommand({ UserName: "free" }))).toBe(false);
    expect(await may(new IAM.CreateUserCommand({ UserName: "free", PermissionsBoundary: ADMIN }))).toBe(false);
    expect(await may(new IAM.CreateUserCommand({ UserName: "bound", PermissionsBoundary: READ }))).toBe(true);
    expect(await may(new IAM.AttachUserPolicyCommand({ UserName: "bound", PolicyArn: ADMIN }))).toBe(true);
    expect(await may(new IAM.AttachUserPolicyCommand({ UserName: "bob", PolicyArn: ADMIN }))).toBe(false);
    const put = (PermissionsBoundary: string) =>
      may(new IAM.PutUserPermissionsBoundaryCommand({ UserName: "bound", PermissionsBoundary }));
    expect(await put(ADMIN)).toBe(false);
    expect(await put(READ)).toBe(true);
    const remove = (UserName: string) => may(new IAM.DeleteUserPermissionsBoundaryCommand({ UserName }));
    expect(await remove("bound")).toBe(true);
    expect(await remove("bound")).toBe(false);
  });

  test("tags of the resource, under both names and in any case", async () => {
    for (const key of ["aws:ResourceTag/Team", "iam:ResourceTag/team"]) {
      const may = await as(allow("iam:GetUser", "*", { StringEquals: { [key]: "blue" } }));
      expect(await may(new IAM.GetUserCommand({ UserName: "ada" }))).toBe(true);
      expect(await may(new IAM.GetUserCommand({ UserName: "bob" }))).toBe(false);
    }
  });

  test("tags of the request; who creates with tags must be allowed to tag", async () => {
    const blue = {
      StringEquals: { "aws:RequestTag/team": "blue" },
      "ForAllValues:StringEquals": { "aws:TagKeys": ["team"] },
    };
    const may = await as(allow("iam:CreateUser"), allow("iam:TagUser", "*", blue));
    const create = (UserName: string, tags: Record<string, string>) =>
      may(new IAM.CreateUserCommand({ UserName, Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }));
    expect(await create("t1", {})).toBe(true);
    expect(await create("t2", { team: "blue" })).toBe(true);
    expect(await create("t3", { team: "red" })).toBe(false);
    expect(await create("t4", { team: "blue", more: "x" })).toBe(false);
  });

  test("aws:TagKeys says which tags are taken away", async () => {
    const may = await as(allow("iam:UntagUser", "*", { "ForAllValues:StringEquals": { "aws:TagKeys": ["spare"] } }));
    expect(await may(new IAM.UntagUserCommand({ UserName: "ada", TagKeys: ["spare"] }))).toBe(true);
    expect(await may(new IAM.UntagUserCommand({ UserName: "ada", TagKeys: ["spare", "Team"] }))).toBe(false);
  });

  test("a role is handed to machines only by who may pass it to them", async () => {
    const add = new IAM.AddRoleToInstanceProfileCommand({ InstanceProfileName: "machine", RoleName: "worker" });
    const edit = allow("iam:AddRoleToInstanceProfile");
    const pass = (service: string) =>
      allow("iam:PassRole", arn("role/service/*"), { StringEquals: { "iam:PassedToService": service } });
    expect(await (await as(edit))(add)).toBe(false);
    expect(await (await as(edit, pass("lambda.amazonaws.com")))(add)).toBe(false);
    expect(await (await as(edit, pass("ec2.amazonaws.com")))(add)).toBe(true);
  });
});
