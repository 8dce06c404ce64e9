/** What projects, apps, environments and routes may be called. Pure. */
import { domainToASCII } from "node:url";

/** What is wrong, as a sentence that names the field and the rule; undefined when nothing is. */
export type Problem = string | undefined;

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const PROJECT = /^[^\p{C}\p{Zl}\p{Zp}]+$/u;

/** Names of apps and environments become parts of host names (RFC 1035 §2.3.1, RFC 1123 §2.1). */
export function labelProblem(field: string, name: string): Problem {
  if (!LABEL.test(name)) {
    return `${field} must be 1 to 63 lower-case letters, digits and hyphens, and begin and end with a letter or digit`;
  }
  if (name.slice(2, 4) === "--") return `${field} must not have hyphens in third and fourth place (RFC 5891 §4.2.3.1)`;
  return name === "localhost" ? `${field} must not be localhost` : undefined;
}

export function projectNameProblem(name: string): Problem {
  if (name.trim() === name && name.length <= 64 && PROJECT.test(name)) return undefined;
  return "name must have 1 to 64 printable characters, neither beginning nor ending with a space";
}

export function descriptionProblem(description: string | null | undefined): Problem {
  if (description === undefined || description === null || description.length <= 256) return undefined;
  return "description must have 256 characters at most";
}

/** Ports of the machine that no route may listen on: mail, telnet, NetBIOS and SMB, and the cloud's own. */
const DENIED_PORTS: ReadonlySet<number> = new Set([23, 25, 137, 138, 139, 445, 4566, 4580, 8080, 8443]);

export function listenPortProblem(port: number | undefined): Problem {
  if (port === undefined) return "listenPort must be given with protocol tcp_raw";
  if (port < 1024 || port > 65_535) return "listenPort must be from 1024 to 65535";
  return DENIED_PORTS.has(port) ? `listenPort ${port} is reserved` : undefined;
}

const LONGEST_HOSTNAME = 253;
const LIKE_AN_ADDRESS = /^(?:\d+\.)*\d+$/;

/**
 * A host name in the one form in which routes keep it: ASCII as IDNA has it (UTS #46), lower case, no dot at the end.
 *
 * @returns undefined when it is not an exact host name: wildcards, addresses, ports and single labels are none
 */
export function exactHostname(given: string): string | undefined {
  if (!/^[^\s:/?#[\]@*%]+$/.test(given)) return undefined;
  const name = domainToASCII(given.replace(/\.$/, "")).toLowerCase();
  if (name === "" || name.length > LONGEST_HOSTNAME || LIKE_AN_ADDRESS.test(name)) return undefined;
  const labels = name.split(".");
  return labels.length >= 2 && labels.every((label) => LABEL.test(label)) ? name : undefined;
}

export const HOSTNAME_RULE =
  "hostname must be an exact host name of two labels or more, such as shop.example.com: no wildcard, no address, no port";

/** Characters of a path segment (RFC 3986 §3.3). */
const PATH = /^\/(?:[\w.~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2}|\/)*$/;

/** A path in the form in which routes keep it: no slash at the end but the first. */
export function routePath(given: string): string | undefined {
  if (!PATH.test(given) || given.length > 1_024) return undefined;
  const segments = given.split("/").slice(1);
  if (segments.at(-1) === "") segments.pop();
  if (segments.some((segment) => segment === "" || segment === "." || segment === "..")) return undefined;
  return `/${segments.join("/")}`;
}

export const PATH_RULE = "path must begin with a slash and have no empty, . or .. segments";
