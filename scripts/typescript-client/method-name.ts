/** Names of groups and methods, made of tags and operation ids. Pure. */

/** Where leaving the group's noun out leaves no word that says it. */
const OTHERWISE: Readonly<Record<string, string>> = { confirmNoSecrets: "confirmNone" };

/** `service-principals` → `servicePrincipals`. */
export const groupName = (tag: string): string => tag.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

/** `service-principals` → `ServicePrincipals`. */
export function className(tag: string): string {
  const name = groupName(tag);
  return name[0]!.toUpperCase() + name.slice(1);
}

/** An operation within its group, without saying again what the group is: `createApp` of `apps` → `create`, `listOrgUsers` of `users` → `listInOrg`. */
export function methodName(tag: string, operationId: string): string {
  const otherwise = OTHERWISE[operationId];
  if (otherwise !== undefined) return otherwise;
  const plural = className(tag);
  const singular = plural.replace(/s$/, "");
  const whole = operationId[0]!.toUpperCase() + operationId.slice(1);
  const rest = whole
    .replace(new RegExp(`(?:${plural}|${singular})(?=[A-Z]|$)`), "")
    // The org is where it happens, not what it happens to.
    .replace(/(?<=\w)Org$/, "InOrg");
  return rest === "" ? operationId : rest[0]!.toLowerCase() + rest.slice(1);
}

/** All pages of it: `list` → `listAll`, `readInOrg` → `readAllInOrg`. */
export const allName = (method: string): string => method.replace(/^[a-z]+/, "$&All");

/** What is there and then what is new: `read` → `follow`. */
export const followName = (method: string): string => method.replace(/^read/, "follow");
