/** Rules of single texts that a pattern alone would not explain. Each gives the problem as a sentence, or nothing. Pure. */
import type { ValueProblem } from "./rules.ts";

/**
 * `[registry[:port]/]path[:tag][@sha256:…]`, a subset of the reference grammar of the OCI distribution specification (1.1, "Pulling manifests"):
 * names of at most 255 characters in small letters, tags of at most 128.
 */
export const IMAGE_REFERENCE =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?(?::[0-9]{1,5})?\/)?[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*)*(?::[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/;

/** The program is told these by the platform. */
export function checkVariable(name: string): ValueProblem | undefined {
  if (name !== "PORT" && !name.startsWith("BIPLANE_")) return undefined;
  return { reserved: true, message: "is set by the platform: PORT, and all that begins with BIPLANE_." };
}

/** Absolute, and spelled in one way only. */
export function absolutePath(path: string): ValueProblem | undefined {
  if (!path.startsWith("/")) return { message: 'must be an absolute path: begin with "/".' };
  return path === "/" ? undefined : checkSegments(path.slice(1));
}

function checkSegments(path: string): ValueProblem | undefined {
  for (const segment of path.split("/")) {
    if (segment === "") return { message: 'must have no empty part and no "/" at its end.' };
    if (segment === "." || segment === "..") return { message: `must have no "${segment}" in it.` };
  }
  return undefined;
}

/** What a guest makes for itself: nothing of a user's is mounted there, or in it. */
export const RESERVED_PATHS: readonly string[] = ["/dev", "/proc", "/run", "/sys", "/tmp"];

export function checkMountPath(path: string): ValueProblem | undefined {
  const problem = absolutePath(path);
  if (problem !== undefined) return problem;
  const reserved = path === "/" ? "/" : RESERVED_PATHS.find((one) => path === one || path.startsWith(`${one}/`));
  return reserved === undefined ? undefined : { reserved: true, message: `belongs to the platform: ${reserved}.` };
}

/** Below the directory of the manifest. */
export function checkRelativePath(path: string): ValueProblem | undefined {
  if (path === ".") return undefined;
  if (path.startsWith("/") || path.includes("\\")) {
    return { message: 'must be relative to the manifest, with "/" between its parts.' };
  }
  return checkSegments(path);
}

/** RFC 9112 §3.2.1 absolute-path, without query and fragment, of characters that need no escape or have one (RFC 3986 §3.3). */
export function checkUrlPath(path: string): ValueProblem | undefined {
  if (!path.startsWith("/")) return { message: 'must begin with "/".' };
  if (!/^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*$/.test(path)) {
    return { message: "must hold only characters of a URL's path; escape others as %20." };
  }
  return undefined;
}

/** RFC 1123 §2.1: labels of letters, digits and hyphens. Exact: no wildcard, no dot at the end, international names in their xn-- form. */
export function checkHostname(name: string): ValueProblem | undefined {
  if (name !== name.toLowerCase()) return { message: "must be in lower case." };
  if (name.includes("*")) return { message: "must be one exact name: there are no wildcards." };
  if (name.endsWith(".")) return { message: "must have no dot at its end." };
  if (/[^\u0000-\u007f]/.test(name)) return { message: "must be in its ASCII form (xn--…)." };
  const labels = name.split(".");
  if (!labels.every((label) => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(label))) {
    return { message: "must be labels of letters, digits and hyphens with dots between, each at most 63 characters." };
  }
  return /^[0-9]+$/.test(labels.at(-1)!) ? { message: "must be a name, not an address." } : undefined;
}

/** Telnet, mail and NetBIOS: what is open to the world there is abused. */
const REFUSED_LISTEN_PORTS: ReadonlySet<number> = new Set([23, 25, 137, 138, 139]);

export function checkListenPort(port: number): ValueProblem | undefined {
  if (!REFUSED_LISTEN_PORTS.has(port)) return undefined;
  return { reserved: true, message: "is never made public: 23, 25 and 137 to 139 are closed." };
}
