/** Policies of resources: as they are meant, and as they are shown (see docs/decisions/0011). */
import type { AccountId, PolicyPrincipals, RoleRecord } from "#contracts";
import type { CatalogLookups } from "#data-plane/link";
import { entityArn } from "#foundation/ids";
import { bindPrincipals, type CompiledPolicy, compilePolicy, parsePolicy, rewritePrincipals } from "#foundation/policy";

/** A policy that was accepted once but cannot be read now denies everything: never open up by mistake. */
const DENY_ALL = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}]}';

/** The policy of a resource, compiled. Costs some microseconds a statement; keep the result. @param principals whom it means, as its record says */
export function compileResourcePolicy(text: string, principals: PolicyPrincipals | undefined): CompiledPolicy {
  try {
    const document = parsePolicy(text, "resource");
    return compilePolicy(principals === undefined ? document : bindPrincipals(document, principals));
  } catch {
    return compilePolicy(parsePolicy(DENY_ALL, "resource"));
  }
}

/**
 * A policy as its owner is shown it: byte for byte as it was put while those whom it means bear the names that it writes; then with their new names, and with the unique
 * ids of those who are gone (IAM User Guide, "Renaming an IAM user"; "AWS JSON policy elements: Principal").
 */
export function shownPolicy(
  catalog: Pick<CatalogLookups, "entity">,
  text: string,
  principals: PolicyPrincipals | undefined,
): string {
  if (principals === undefined) return text;
  return rewritePrincipals(text, (name) =>
    Object.hasOwn(principals, name) ? shownPrincipal(catalog, name, principals[name]!) : name,
  );
}

/** The trust policy of a role, as it is shown. */
export function shownTrustPolicy(
  catalog: Pick<CatalogLookups, "entity">,
  { sections }: RoleRecord,
): string | undefined {
  const { trustPolicy, trustPrincipals } = sections;
  return trustPolicy === undefined ? undefined : shownPolicy(catalog, trustPolicy, trustPrincipals);
}

/** @param meant a unique id, that of a session (`AROA…:name`), or the name itself */
function shownPrincipal(catalog: Pick<CatalogLookups, "entity">, name: string, meant: string): string {
  if (meant === name) return name;
  const accountId = name.split(":")[4] as AccountId;
  const [entityId = "", sessionName] = meant.split(":", 2);
  // Sessions are named without the path of their role, and roles are never renamed.
  if (sessionName !== undefined) return catalog.entity("role", accountId, entityId) === undefined ? meant : name;
  const record = catalog.entity("user", accountId, entityId) ?? catalog.entity("role", accountId, entityId);
  return record === undefined ? meant : entityArn(record);
}
