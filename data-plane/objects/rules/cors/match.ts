/** Which CORS rule lets a browser in, and the headers that say so (Fetch standard; user guide, "How does Amazon S3 evaluate the CORS configuration"). */
import type { S3 } from "#foundation/aws";

/** Name and value pairs, in the order in which S3 sends them. */
export type CorsHeaders = readonly (readonly [name: string, value: string])[];

/** What decides about the answer beyond the origin. */
export const CORS_VARY = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method";

interface CompiledCorsRule {
  readonly origin: (origin: string) => "*" | string | undefined;
  readonly methods: ReadonlySet<string>;
  readonly methodList: string;
  readonly header: (lowerName: string) => boolean;
  readonly expose: string | undefined;
  readonly maxAge: string | undefined;
}

/** One wildcard at most: prefix and suffix around it. */
function wildcardTest(pattern: string): (text: string) => boolean {
  const star = pattern.indexOf("*");
  if (star < 0) return (text) => text === pattern;
  const prefix = pattern.slice(0, star);
  const suffix = pattern.slice(star + 1);
  return (text) => text.length >= prefix.length + suffix.length && text.startsWith(prefix) && text.endsWith(suffix);
}

function compileRule(rule: S3.CORSRule): CompiledCorsRule {
  const origins = rule.AllowedOrigins.map((pattern) => ({ any: pattern === "*", test: wildcardTest(pattern) }));
  const headers = (rule.AllowedHeaders ?? []).map((pattern) => wildcardTest(pattern.toLowerCase()));
  return {
    origin(origin) {
      const match = origins.find(({ test }) => test(origin));
      return match === undefined ? undefined : match.any ? "*" : origin;
    },
    methods: new Set(rule.AllowedMethods),
    methodList: rule.AllowedMethods.join(", "),
    header: (lowerName) => headers.some((test) => test(lowerName)),
    expose: rule.ExposeHeaders?.length ? rule.ExposeHeaders.join(", ") : undefined,
    maxAge: rule.MaxAgeSeconds === undefined ? undefined : String(rule.MaxAgeSeconds),
  };
}

/** The rules of a bucket, ready to be asked. */
export interface CorsRules {
  /** @param requestHeaders `Access-Control-Request-Headers` @returns undefined when no rule lets the browser in */
  preflight(origin: string, method: string, requestHeaders: string | undefined): CorsHeaders | undefined;
  /** Headers of the answer to a request with an `Origin`; undefined when no rule speaks of it. */
  actual(origin: string, method: string): CorsHeaders | undefined;
}

function answer(rule: CompiledCorsRule, origin: string, allowHeaders: string | undefined): CorsHeaders {
  const headers: [string, string][] = [
    ["Access-Control-Allow-Origin", origin],
    ["Access-Control-Allow-Methods", rule.methodList],
  ];
  if (allowHeaders !== undefined) headers.push(["Access-Control-Allow-Headers", allowHeaders]);
  if (rule.expose !== undefined) headers.push(["Access-Control-Expose-Headers", rule.expose]);
  if (rule.maxAge !== undefined) headers.push(["Access-Control-Max-Age", rule.maxAge]);
  // Credentials cannot go with "any origin" (Fetch standard, §3.3.5).
  if (origin !== "*") headers.push(["Access-Control-Allow-Credentials", "true"]);
  headers.push(["Vary", CORS_VARY]);
  return headers;
}

/** The first rule that takes origin, method and all headers wins. */
export function compileCors(configuration: S3.CORSConfiguration): CorsRules {
  const rules = configuration.CORSRules.map(compileRule);
  return {
    preflight(origin, method, requestHeaders) {
      const asked = (requestHeaders ?? "")
        .split(",")
        .map((name) => name.trim().toLowerCase())
        .filter((name) => name !== "");
      for (const rule of rules) {
        const allowed = rule.origin(origin);
        if (allowed === undefined || !rule.methods.has(method) || !asked.every(rule.header)) continue;
        return answer(rule, allowed, asked.length === 0 ? undefined : asked.join(", "));
      }
      return undefined;
    },
    actual(origin, method) {
      for (const rule of rules) {
        const allowed = rule.origin(origin);
        if (allowed !== undefined && rule.methods.has(method)) return answer(rule, allowed, undefined);
      }
      return undefined;
    },
  };
}
