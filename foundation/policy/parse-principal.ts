/** The principal of a statement (IAM User Guide, "AWS JSON policy elements: Principal"). */

import { isObject } from "./json.ts";
import { PolicySyntaxError, syntaxMessage } from "./syntax-error.ts";
import type { PolicyKind, PrincipalElement } from "./types.ts";

const principalTypes = {
  AWS: "aws",
  Service: "service",
  Federated: "federated",
  CanonicalUser: "canonicalUser",
} as const;

/**
 * Reads a principal.
 *
 * @throws PolicySyntaxError
 */
export function parsePrincipal(value: unknown, kind: PolicyKind): PrincipalElement {
  if (value === "*") return { type: "everyone" };
  if (!isObject(value) || Object.keys(value).length === 0) throw new PolicySyntaxError(invalid(kind, value));
  const lists: Record<(typeof principalTypes)[keyof typeof principalTypes], readonly string[]> = {
    aws: [],
    service: [],
    federated: [],
    canonicalUser: [],
  };
  for (const [type, entry] of Object.entries(value)) {
    const field = Object.hasOwn(principalTypes, type) ? principalTypes[type as keyof typeof principalTypes] : undefined;
    if (field === undefined) throw new PolicySyntaxError(invalid(kind, value));
    const list: readonly unknown[] = Array.isArray(entry) ? entry : [entry];
    const strings = list.filter((item) => typeof item === "string");
    if (strings.length !== list.length || strings.length === 0) throw new PolicySyntaxError(syntaxMessage(kind));
    for (const text of strings) {
      if (!isValid(type, text)) throw new PolicySyntaxError(invalid(kind, { [type]: text }));
    }
    lists[field] = strings;
  }
  return { type: "listed", ...lists };
}

/**
 * The forms that may be written. Whether the principal exists is for the service that stores the policy to find out.
 */
function isValid(type: string, text: string): boolean {
  switch (type) {
    case "AWS":
      return text === "*" ||
        /^\d{12}$/.test(text) ||
        /^arn:aws[a-z-]*:iam::\d{12}:(?:root|user\/[\x21-\x7e]+|role\/[\x21-\x7e]+)$/.test(text) ||
        /^arn:aws[a-z-]*:sts::\d{12}:(?:assumed-role\/[^*?/]+\/[^*?/]+|federated-user\/[^*?]+|self)$/.test(text) ||
        /^arn:aws[a-z-]*:iam::cloudfront:user\/[\x20-\x7e]+$/.test(text) ||
        /^A(?:IDA|ROA)[A-Z0-9]{12,28}$/.test(text) ||
        /^AROA[A-Z0-9]{12,28}:[\w+=,.@-]{2,64}$/.test(text)
        ? text === "*" || !/[*?]/.test(text)
        : false;
    case "Service":
      return /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/.test(text);
    case "CanonicalUser":
      return /^[0-9a-f]{64}$/.test(text);
    default:
      return text !== "" && text !== "*" && !/\s/.test(text);
  }
}

function invalid(kind: PolicyKind, value: unknown): string {
  if (kind === "resource") return "Invalid principal in policy";
  return `Invalid principal in policy: ${JSON.stringify(value)
    .slice(0, 256)
    .replace(/^\{|\}$/g, "")}`;
}
