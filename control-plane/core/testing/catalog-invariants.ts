/** What must hold of all records together, whatever was commanded. Written apart from the handlers, from the contracts alone. */
import { expect } from "bun:test";
import { IDENTITY_KINDS, IDENTITY_REFERENCES, type IdentityKind, type IdentityRecord } from "#contracts";
import type { CatalogReader } from "#control-plane/events";
import { entityArn } from "#foundation/ids";

/** @param perAccountMax entities of one kind in one account */
export function expectInvariants(views: CatalogReader, perAccountMax: number): void {
  for (const kind of IDENTITY_KINDS) expectEntities(views, kind, perAccountMax);
  for (const { sections } of views.records("managedPolicy")) {
    const numbers = Object.keys(sections.versions!).map((versionId) => Number(versionId.slice(1)));
    expect(numbers.length).toBeLessThanOrEqual(5);
    expect(sections.lastVersion).toBeGreaterThanOrEqual(Math.max(...numbers));
    expect(sections.versions).toHaveProperty([sections.defaultVersion!]);
  }
  for (const { sections } of views.records("role")) expect(sections.trustPolicy).toBeString();
  for (const { name, sections } of views.records("oidcProvider")) expect(sections.url).toBe(`https://${name}`);
  for (const { sections } of views.records("instanceProfile")) {
    expect(Object.keys(sections.roles ?? {}).length).toBeLessThanOrEqual(1);
  }
  const aliases = [...views.records("account")].flatMap(({ alias }) => alias ?? []);
  expect(new Set(aliases).size).toBe(aliases.length);
  for (const { accountId, owner } of views.records("accessKey")) {
    expect(views.accessKeysOf(accountId, owner).length).toBeLessThanOrEqual(2);
    if (owner.type === "user") expect(views.entityByName("user", accountId, owner.userName)?.name).toBe(owner.userName);
  }
  for (const { accountId, objectLockEnabled, sections } of views.records("bucket")) {
    expect(views.account(accountId)).toBeDefined();
    if (objectLockEnabled) expect(sections.versioning).toMatchObject({ Status: "Enabled" });
  }
}

function expectEntities(views: CatalogReader, kind: IdentityKind, perAccountMax: number): void {
  const records = [...views.records(kind)] as readonly IdentityRecord[];
  const names = records.map(({ accountId, name }) => `${accountId} ${name.toLowerCase()}`);
  expect(new Set(names).size).toBe(names.length);
  for (const { accountId } of records) expect(views.entityCount(kind, accountId)).toBeLessThanOrEqual(perAccountMax);
  for (const record of records) {
    expect(views.account(record.accountId)).toBeDefined();
    const sections: Readonly<Record<string, unknown>> = { ...record.sections };
    const tags = Object.keys(sections.tags ?? {}).map((key) => key.toLowerCase());
    if (kind === "user" || kind === "role") expect(new Set(tags).size).toBe(tags.length);
    for (const section of IDENTITY_REFERENCES[kind]) {
      const value = sections[section];
      const targets = typeof value === "string" ? [value] : Object.keys(value ?? {});
      expect(targets.length).toBeLessThanOrEqual(10);
      for (const target of targets) {
        expect(exists(views, record, section, target), `${record.name} ${section} ${target}`).toBe(true);
      }
    }
  }
}

/** Looked for one by one, not by the groups that handlers look in. */
function exists(views: CatalogReader, { accountId }: IdentityRecord, section: string, target: string): boolean {
  if (section === "groups" || section === "roles") {
    return views.record(section === "groups" ? "group" : "role", target)?.accountId === accountId;
  }
  if (target.startsWith("arn:aws:iam::aws:")) return true;
  return [...views.records("managedPolicy")].some(
    (policy) => policy.accountId === accountId && entityArn(policy) === target,
  );
}
