/**
 * Names of images: `[registry/]repository[:tag][@digest]`.
 *
 * Source: OCI distribution specification 1.1, "Pulling manifests" (shapes of repositories and tags), and what Docker made customary: no registry
 * means docker.io, one word on docker.io is in `library/`, neither tag nor digest means `latest`.
 */

import { IMAGE_ERRORS } from "../errors.ts";
import { type Digest, isDigest } from "./digest.ts";

export interface ImageReference {
  /** Host in lower case, with its port if one was given: `docker.io`, `localhost:5000`, `[::1]:5000`. */
  readonly registry: string;
  readonly repository: string;
  readonly tag: string | undefined;
  /** When there is one it decides; the tag is then a remark. */
  readonly digest: Digest | undefined;
}

export const DEFAULT_REGISTRY = "docker.io";
const DEFAULT_TAG = "latest";
/** Other names by which Docker Hub is known. */
const HUB_ALIASES: ReadonlySet<string> = new Set(["docker.io", "index.docker.io", "registry-1.docker.io"]);

/** Registry and repository together (distribution specification). */
const NAME_MAX = 255;
/** With room for a tag of 128 and a sha512 digest; longer text is not looked at. */
const TEXT_MAX = 1024;
/** A separator stands between two runs of letters and digits; written so that no text makes matching slow. */
const COMPONENT = /^[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const HOST_LABEL = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
const IPV6 = /^\[[0-9A-Fa-f:.]{2,45}\]$/;

/** @throws image_reference_invalid, saying which part is wrong */
export function parseReference(text: string): ImageReference {
  if (text.length === 0 || text.length > TEXT_MAX) throw invalid(text, `it must have 1 to ${TEXT_MAX} characters`);
  const at = text.indexOf("@");
  const digestText = at < 0 ? undefined : text.slice(at + 1);
  if (digestText !== undefined && !isDigest(digestText))
    throw invalid(text, "what follows @ is no sha256 or sha512 digest");
  const named = at < 0 ? text : text.slice(0, at);
  const { registry, rest } = splitRegistry(text, named);
  // A colon after the last slash begins the tag; earlier ones were the registry's port.
  const colon = rest.lastIndexOf(":");
  const tag = colon > rest.lastIndexOf("/") ? rest.slice(colon + 1) : undefined;
  if (tag !== undefined && !TAG.test(tag))
    throw invalid(text, "the tag may have letters, digits, _ . and -, at most 128");
  const path = tag === undefined ? rest : rest.slice(0, colon);
  const repository = registry === DEFAULT_REGISTRY && !path.includes("/") ? `library/${path}` : path;
  if (!repository.split("/").every((part) => COMPONENT.test(part))) {
    throw invalid(
      text,
      "the repository has lower-case letters and digits, with . _ - between them, in parts split by /",
    );
  }
  if (registry.length + 1 + repository.length > NAME_MAX) throw invalid(text, `the name is longer than ${NAME_MAX}`);
  return { registry, repository, tag: tag ?? (digestText === undefined ? DEFAULT_TAG : undefined), digest: digestText };
}

/** The first part is a registry when it could not be a repository of the default one: it has a dot, a port, or is localhost. */
function splitRegistry(text: string, named: string): { registry: string; rest: string } {
  const slash = named.indexOf("/");
  const first = slash < 0 ? "" : named.slice(0, slash);
  const isHost = first === "localhost" || /[.:]/.test(first);
  if (slash < 0 || !isHost) return { registry: DEFAULT_REGISTRY, rest: named };
  const { host, port } = splitPort(first);
  const hostIsValid =
    host.length <= 253 && (IPV6.test(host) || host.split(".").every((label) => HOST_LABEL.test(label)));
  if (!hostIsValid) throw invalid(text, "the registry is no host name");
  if (port !== undefined && !(/^[1-9][0-9]{0,4}$/.test(port) && Number(port) <= 65_535)) {
    throw invalid(text, "the registry's port is no port");
  }
  const registry = first.toLowerCase();
  return { registry: HUB_ALIASES.has(registry) ? DEFAULT_REGISTRY : registry, rest: named.slice(slash + 1) };
}

function splitPort(authority: string): { host: string; port: string | undefined } {
  const colon = authority.lastIndexOf(":");
  if (colon < 0 || authority.endsWith("]")) return { host: authority, port: undefined };
  return { host: authority.slice(0, colon), port: authority.slice(colon + 1) };
}

/** The canonical form: everything spelt out. `parseReference(formatReference(r))` is `r`. */
export function formatReference({ registry, repository, tag, digest }: ImageReference): string {
  return `${registry}/${repository}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
}

/** The reference that names exactly these bytes for ever. */
export function pinnedTo(reference: ImageReference, digest: Digest): ImageReference {
  return { ...reference, digest };
}

function invalid(text: string, rule: string): Error {
  const shown = JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
  return IMAGE_ERRORS.error("image_reference_invalid", { message: `${shown} is not an image reference: ${rule}.` });
}
