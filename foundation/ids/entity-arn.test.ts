import { expect, test } from "bun:test";
import { type EntityPlace, entityArn, parseEntityArn } from "./entity-arn.ts";

const ACCOUNT = "123456789012";

test.each<[EntityPlace, string]>([
  [{ kind: "user", accountId: ACCOUNT, path: "/", name: "ada" }, "arn:aws:iam::123456789012:user/ada"],
  [{ kind: "group", accountId: ACCOUNT, path: "/a/b/", name: "devs" }, "arn:aws:iam::123456789012:group/a/b/devs"],
  [{ kind: "role", accountId: ACCOUNT, path: "/x:y/", name: "r" }, "arn:aws:iam::123456789012:role/x:y/r"],
  [
    { kind: "managedPolicy", accountId: "aws", path: "/service-role/", name: "P" },
    "arn:aws:iam::aws:policy/service-role/P",
  ],
  [
    { kind: "instanceProfile", accountId: ACCOUNT, path: "/", name: "web" },
    "arn:aws:iam::123456789012:instance-profile/web",
  ],
  [
    { kind: "oidcProvider", accountId: ACCOUNT, path: "/", name: "id.example:8443/realms/main" },
    "arn:aws:iam::123456789012:oidc-provider/id.example:8443/realms/main",
  ],
  [
    { kind: "oidcProvider", accountId: ACCOUNT, path: "/", name: "id.example/" },
    "arn:aws:iam::123456789012:oidc-provider/id.example/",
  ],
])("%j has the ARN %s, and back", (place, arn) => {
  expect(entityArn(place)).toBe(arn);
  expect(parseEntityArn(arn)).toEqual(place);
});

test.each([
  "",
  "ada",
  "arn:aws:iam::123456789012:root",
  "arn:aws:iam::123456789012:user/",
  "arn:aws:iam::123456789012:user/team/",
  "arn:aws:iam::123456789012:user/a b",
  "arn:aws:iam::123456789012:user/ada\n",
  "arn:aws:iam::12345:user/ada",
  "arn:aws:s3:::user/ada",
  "arn:aws:iam:eu-west-1:123456789012:user/ada",
  "arn:aws:iam::123456789012:constructor/ada",
  "arn:aws:sts::123456789012:assumed-role/r/s",
])("parseEntityArn(%j) is undefined", (arn) => {
  expect(parseEntityArn(arn)).toBeUndefined();
});
