/** Whatever is made, renamed, deleted and put, in any order: a trust policy lets in exactly those who bore its names when it was put. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { ACCOUNT } from "#control-plane/events/testing";
import { createIdentityWorld } from "#control-plane/identity/testing";
import { shownTrustPolicy, trustPolicyOf } from "#data-plane/principals";
import { entityArn } from "#foundation/ids";
import { authorize, namedPrincipals } from "#foundation/policy";

const NAMES = ["ana", "bea", "cid"] as const;
const name = fc.constantFrom(...NAMES);

const step = fc.oneof(
  fc.record({ what: fc.constant("make" as const), name }),
  fc.record({ what: fc.constant("delete" as const), name }),
  fc.record({ what: fc.constant("rename" as const), name, to: name }),
  fc.record({ what: fc.constant("trust" as const), names: fc.uniqueArray(name, { minLength: 1 }) }),
  // What a tool does that reads a policy and writes it back.
  fc.record({ what: fc.constant("put back" as const) }),
);

const arnOf = (userName: string): string => entityArn({ kind: "user", accountId: ACCOUNT, path: "/", name: userName });
const trusting = (names: readonly string[]): string =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Principal: { AWS: names.map(arnOf) } }],
  });

test("a trust policy means those whom it named when it was put", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40, size: "max" }), (steps) => {
      const world = createIdentityWorld();
      const roleId = world.made("role", "reader");
      const role = () => world.views.entity("role", ACCOUNT, roleId)!;
      /** The model: who bears which name, and whom the role means. */
      const bearers = new Map<string, string>();
      let meant: ReadonlySet<string> = new Set();

      for (const one of steps) {
        switch (one.what) {
          case "make": {
            const made = world.create("user", one.name);
            expect(made.ok).toBe(!bearers.has(one.name));
            if (made.ok) bearers.set(one.name, (made.result as { readonly entityId: string }).entityId);
            break;
          }
          case "delete": {
            const id = bearers.get(one.name);
            if (id === undefined) break;
            expect(world.remove("user", id).ok).toBe(true);
            bearers.delete(one.name);
            break;
          }
          case "rename": {
            const id = bearers.get(one.name);
            if (id === undefined || one.to === one.name) break;
            expect(world.rename("user", id, { name: one.to }).ok).toBe(!bearers.has(one.to));
            if (bearers.has(one.to)) break;
            bearers.delete(one.name);
            bearers.set(one.to, id);
            break;
          }
          case "trust": {
            const ids = one.names.map((each) => bearers.get(each));
            const put = world.configure("role", roleId, { trustPolicy: trusting(one.names) });
            expect(put.ok).toBe(ids.every((id) => id !== undefined));
            if (put.ok) meant = new Set(ids as string[]);
            break;
          }
          case "put back": {
            const trustPolicy = shownTrustPolicy(world.views, role())!;
            expect(world.configure("role", roleId, { trustPolicy }).ok).toBe(true);
            break;
          }
        }
        for (const [userName, userId] of bearers) {
          const decision = authorize(
            {
              principal: { type: "user", accountId: ACCOUNT, arn: arnOf(userName), userId, userName },
              action: "sts:AssumeRole",
              resource: entityArn(role()),
              resourceAccount: ACCOUNT,
              context: { get: () => undefined },
            },
            { identity: [], resource: trustPolicyOf(role()) },
          );
          expect([userName, decision.allowed]).toEqual([userName, meant.has(userId)]);
        }
        if (meant.size === 0) continue;
        // Shown are the names of those who are there, and what is left of the others.
        const shown = namedPrincipals(shownTrustPolicy(world.views, role())!);
        const present = new Map([...bearers].map(([userName, id]) => [id, arnOf(userName)]));
        expect([...shown].sort()).toEqual([...meant].map((id) => present.get(id) ?? id).sort());
      }
    }),
    { numRuns: 200 },
  );
});
