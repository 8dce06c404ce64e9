/** Which extensions there are, and where they may stand. */
import type { Diagnostics } from "../diagnostics/diagnostic.ts";
import { nearestName } from "../diagnostics/did-you-mean.ts";
import { childPlace, type ObjectPart } from "../references/part.ts";
import { shown } from "../references/resolver.ts";

/** Both mean the same. */
export const PREFIXES = ["x-biplane-", "x-barbacane-"] as const;

/** The objects that each of them may stand in. */
const ALLOWED = {
  dispatch: ["operation"],
  middlewares: ["root", "operation"],
  mcp: ["root", "operation"],
  plugins: ["root"],
  "response-validation": ["root", "operation"],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type ExtensionName = keyof typeof ALLOWED;

const NAMES = Object.keys(ALLOWED) as readonly ExtensionName[];
const FULL_NAMES = PREFIXES.flatMap((prefix) => NAMES.map((name) => prefix + name));

const PLACES = { root: "the top of the document", operation: "operations" } as const;

/** Looks at the keys of an object that begin with `x-`. @param kind what the object is */
export function checkExtensionNames(kind: string, part: ObjectPart, diagnostics: Diagnostics): void {
  for (const key of Object.keys(part.value)) {
    if (!/^x-b/i.test(key)) continue;
    const place = childPlace(part, key);
    const known = FULL_NAMES.includes(key) ? (key.slice(key.indexOf("-", 2) + 1) as ExtensionName) : undefined;
    if (known !== undefined) {
      const allowed: readonly (keyof typeof PLACES)[] = ALLOWED[known];
      if (allowed.some((one) => one === kind)) continue;
      const hint = `It belongs to ${allowed.map((one) => PLACES[one]).join(" or to ")}.`;
      diagnostics.report("E1016", place, `${shown(key)} has no effect here.`, { at: "key", hint });
      continue;
    }
    const near = nearestName(key, FULL_NAMES);
    if (near !== undefined) {
      diagnostics.report("E1017", place, `There is no ${shown(key)}.`, { at: "key", hint: `Write ${near}.` });
    } else if (PREFIXES.some((prefix) => key.toLowerCase().startsWith(prefix))) {
      const hint = `Known are ${NAMES.join(", ")}, after ${PREFIXES.join(" or ")}.`;
      diagnostics.report("E1015", place, `There is no ${shown(key)}: it has no effect.`, { at: "key", hint });
    }
  }
}
