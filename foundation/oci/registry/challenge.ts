/** What a registry asks for (`WWW-Authenticate`; RFC 9110 §11.6.1; distribution, "Token Authentication Specification"). */

export type Challenge =
  | { readonly scheme: "basic" }
  | {
      readonly scheme: "bearer";
      readonly realm: string;
      readonly service: string | undefined;
      readonly scope: string | undefined;
    };

const HEADER_MAX = 4096;

/** The first challenge that is understood; bearer goes before basic. */
export function parseChallenge(header: string | undefined): Challenge | undefined {
  if (header === undefined || header.length > HEADER_MAX) return undefined;
  const bearer = /(?:^|,\s*)bearer\s+(.*)$/i.exec(header);
  if (bearer !== null) {
    const parameters = new Map<string, string>();
    for (const [, name, quoted, plain] of bearer[1]!.matchAll(/([a-z_]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/gi)) {
      const key = name!.toLowerCase();
      if (!parameters.has(key)) parameters.set(key, quoted?.replace(/\\(.)/g, "$1") ?? plain ?? "");
    }
    const realm = parameters.get("realm");
    if (realm !== undefined) {
      return { scheme: "bearer", realm, service: parameters.get("service"), scope: parameters.get("scope") };
    }
  }
  return /(?:^|,\s*)basic(?:\s|$)/i.test(header) ? { scheme: "basic" } : undefined;
}
