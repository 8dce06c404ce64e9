/** Rules about the path. Pure. */
import { anchoredPattern } from "#foundation/regex";

export interface PathRulesConfig {
  readonly strip_prefix?: string;
  readonly add_prefix?: string;
  readonly replace?: { readonly pattern: string; readonly replacement: string };
}

/** The new path of an old one, both as they are sent. */
export type PathRules = (path: string) => string;

export function pathRules(config: PathRulesConfig = {}): PathRules {
  const { strip_prefix: strip, add_prefix: add, replace } = config;
  if (strip === undefined && add === undefined && replace === undefined) return (path) => path;
  const replaced = replace === undefined ? (path: string) => path : replacing(replace.pattern, replace.replacement);
  return (path) => {
    let result = strip === undefined ? path : stripped(path, strip);
    if (add !== undefined) result = add.endsWith("/") ? add.slice(0, -1) + result : add + result;
    result = replaced(result);
    return result.startsWith("/") ? result : `/${result}`;
  };
}

/** Whole segments: `/api` is none of `/apis`. */
function stripped(path: string, prefix: string): string {
  if (!path.startsWith(prefix)) return path;
  const rest = path.slice(prefix.length);
  if (rest === "" || prefix.endsWith("/")) return `/${rest}`;
  return rest.startsWith("/") ? rest : path;
}

/** @throws UnusablePattern which the declaration finds before */
function replacing(pattern: string, replacement: string): PathRules {
  // Nothing of it means anything but itself; a dot does.
  if (/^[A-Za-z0-9_~:/@!&',;=%-]+$/.test(pattern)) return (path) => path.replaceAll(pattern, replacement);
  const expression = anchoredPattern(pattern);
  return (path) => path.replace(expression, replacement);
}
