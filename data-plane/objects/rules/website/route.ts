/** Where a request to a website goes (Amazon S3 user guide, "Hosting a static website", "Configuring a webpage redirect"). Pure. */
import type { S3 } from "#foundation/aws";

/** How the visitor reached the site; redirects keep what they do not change. */
export interface Visit {
  readonly protocol: "http" | "https";
  /** With port. */
  readonly host: string;
}

export interface WebRedirect {
  readonly location: string;
  readonly status: number;
}

/** The key that a path names, decoded; undefined when its percent-encoding is broken. */
export function keyOfPath(path: string): string | undefined {
  try {
    return decodeURIComponent(path.slice(1));
  } catch {
    return undefined;
  }
}

const encodePath = (key: string): string => key.split("/").map(encodeURIComponent).join("/");

/** `RedirectAllRequestsTo`. */
export function redirectAll(website: S3.WebsiteConfiguration, path: string, visit: Visit): WebRedirect | undefined {
  const target = website.RedirectAllRequestsTo;
  if (target === undefined) return undefined;
  return { location: `${target.Protocol ?? visit.protocol}://${target.HostName}${path}`, status: 301 };
}

function applyRule(rule: S3.RoutingRule, key: string, visit: Visit): WebRedirect {
  const { Redirect: redirect, Condition: condition } = rule;
  const prefix = condition?.KeyPrefixEquals ?? "";
  const target =
    redirect.ReplaceKeyWith ??
    (redirect.ReplaceKeyPrefixWith === undefined ? key : redirect.ReplaceKeyPrefixWith + key.slice(prefix.length));
  const base = `${redirect.Protocol ?? visit.protocol}://${redirect.HostName ?? visit.host}`;
  return { location: `${base}/${encodePath(target)}`, status: Number(redirect.HttpRedirectCode ?? 301) };
}

/**
 * The first routing rule that speaks of this key.
 *
 * @param error the status of the failed look-up; undefined before the look-up, when only rules without an error condition count
 */
export function routeByRules(
  website: S3.WebsiteConfiguration,
  key: string,
  error: number | undefined,
  visit: Visit,
): WebRedirect | undefined {
  for (const rule of website.RoutingRules ?? []) {
    const condition = rule.Condition;
    const wanted = condition?.HttpErrorCodeReturnedEquals;
    if ((wanted === undefined) !== (error === undefined)) continue;
    if (wanted !== undefined && Number(wanted) !== error) continue;
    if (condition?.KeyPrefixEquals !== undefined && !key.startsWith(condition.KeyPrefixEquals)) continue;
    return applyRule(rule, key, visit);
  }
  return undefined;
}

/** A folder is answered with its index document. */
export function documentOf(website: S3.WebsiteConfiguration, key: string): string {
  return key === "" || key.endsWith("/") ? key + (website.IndexDocument?.Suffix ?? "") : key;
}
