/** The form of the published examples: policies, and requests with what is decided. */

import { describe, expect, test } from "bun:test";
import {
  authorize,
  type CompiledPolicy,
  compilePolicy,
  type PolicyKind,
  type PrincipalContext,
  parsePolicy,
} from "../index.ts";

/** The account of the examples, and one beside it. */
export const account = "111122223333";
export const other = "444455556666";

/** One request. */
export interface Row {
  /** What is special about it. */
  readonly name: string;
  readonly by: PrincipalContext;
  readonly action: string;
  readonly on: string;
  /** Keys in lower case. */
  readonly keys?: Readonly<Record<string, string | readonly string[]>>;
  /** Default {@link account}. */
  readonly owner?: string;
  /** Reason and source of the decision: `allowed identity`, `implicit-deny boundary`. */
  readonly is: string;
}

/** An example: statements by where they are attached, and rows. */
export interface Example {
  readonly name: string;
  /** Each list is a policy. */
  readonly identity?: readonly (readonly object[])[];
  readonly resource?: readonly object[];
  readonly trust?: readonly object[];
  readonly boundary?: readonly object[];
  readonly session?: readonly (readonly object[])[];
  readonly rows: readonly Row[];
}

/** A test for each row. */
export function describeExamples(title: string, examples: readonly Example[]): void {
  describe(title, () => {
    for (const { name, rows, ...attached } of examples) {
      describe(name, () => {
        const resource = attached.resource ?? attached.trust;
        const policies = {
          identity: (attached.identity ?? []).map((statements) => compiled("identity", statements)),
          resource: resource && compiled(attached.trust === undefined ? "resource" : "trust", resource),
          boundary: attached.boundary && compiled("boundary", attached.boundary),
          session: (attached.session ?? []).map((statements) => compiled("session", statements)),
        };
        for (const { name: special, by, action, on, keys = {}, owner = account, is } of rows) {
          test(`${special}: ${is}`, () => {
            const context = { get: (key: string) => (Object.hasOwn(keys, key) ? keys[key] : undefined) };
            const request = { principal: by, action, resource: on, resourceAccount: owner, context };
            const { allowed, reason, source } = authorize(request, policies);
            expect(`${reason} ${source}`).toBe(is);
            expect(allowed).toBe(reason === "allowed");
          });
        }
      });
    }
  });
}

function compiled(kind: PolicyKind, statements: readonly object[]): CompiledPolicy {
  return compilePolicy(parsePolicy(JSON.stringify({ Version: "2012-10-17", Statement: statements }), kind));
}

type Kind<Type extends PrincipalContext["type"]> = Extract<PrincipalContext, { readonly type: Type }>;
type Tags = Readonly<Record<string, string>>;

const tagMap = (tags: Tags): ReadonlyMap<string, string> =>
  new Map(Object.entries(tags).map(([key, value]) => [key.toLowerCase(), value]));

/** A user. */
export function user(userName: string, tags: Tags = {}, accountId = account, path = "/"): Kind<"user"> {
  return {
    type: "user",
    accountId,
    arn: `arn:aws:iam::${accountId}:user${path}${userName}`,
    userId: "AIDAEXAMPLEEXAMPLE000",
    userName,
    tags: tagMap(tags),
  };
}

/** A session of a role. */
export function session(role: string, sessionName: string, tags: Tags = {}, accountId = account): Kind<"assumed-role"> {
  return {
    type: "assumed-role",
    accountId,
    arn: `arn:aws:sts::${accountId}:assumed-role/${role}/${sessionName}`,
    roleArn: `arn:aws:iam::${accountId}:role/${role}`,
    roleId: "AROAEXAMPLEEXAMPLE000",
    sessionName,
    tags: tagMap(tags),
  };
}

/** A federated user, made by a user or by the root user. */
export function federated(name: string, by?: string): PrincipalContext {
  return {
    type: "federated-user",
    accountId: account,
    arn: `arn:aws:sts::${account}:federated-user/${name}`,
    userId: `${account}:${name}`,
    federatedBy:
      by === undefined
        ? { type: "root" }
        : { type: "user", arn: `arn:aws:iam::${account}:user/${by}`, userId: "AIDAEXAMPLEEXAMPLE000" },
  };
}

/** The root user of an account. */
export function root(accountId = account): PrincipalContext {
  return { type: "root", accountId, arn: `arn:aws:iam::${accountId}:root` };
}

/** A service acting for itself. */
export function service(name: string): PrincipalContext {
  return { type: "service", service: name };
}

export const anonymous: PrincipalContext = { type: "anonymous" };

/** Statements, short. */
export const allow = (action: unknown, resource: unknown, condition?: object): object => ({
  Effect: "Allow",
  Action: action,
  Resource: resource,
  Condition: condition,
});
export const deny = (action: unknown, resource: unknown, condition?: object): object => ({
  ...allow(action, resource, condition),
  Effect: "Deny",
});
/** The same with a principal. */
export const to = (principal: unknown, statement: object): object => ({ ...statement, Principal: principal });

/** Rows by one caller, briefly: what is special, action, resource, decision, keys. */
export const rowsBy = (
  by: PrincipalContext,
  ...list: readonly (readonly [name: string, action: string, on: string, is: string, keys?: Row["keys"]])[]
): readonly Row[] => list.map(([name, action, on, is, keys]) => ({ name, by, action, on, is, keys }));
