/** Servers, and the path that they put before all others. */
import type { Server } from "../model.ts";
import type { Reading } from "../reading.ts";
import { child, entriesOf, itemsOf, type Part, placeOf, textAt, textsAt } from "../references/part.ts";
import { shown } from "../references/resolver.ts";

export function readServers(list: Part | undefined, reading: Reading): readonly Server[] {
  return itemsOf(list).flatMap((part) => readServer(part, reading) ?? []);
}

function readServer(part: Part, reading: Reading): Server | undefined {
  const url = textAt(part, "url");
  if (url === undefined) return undefined;
  const variables = child(part, "variables");
  const defaultUrl = url.replace(
    /\{([^{}]*)\}/g,
    (whole, name: string) => textAt(child(variables, name), "default") ?? whole,
  );
  checkVariables(url, part, reading);
  return { url, defaultUrl, basePath: basePathOf(defaultUrl), at: placeOf(part) };
}

function checkVariables(url: string, server: Part, { diagnostics }: Reading): void {
  const variables = child(server, "variables");
  for (const [, name = ""] of url.matchAll(/\{([^{}]*)\}/g)) {
    if (child(variables, name) !== undefined) continue;
    diagnostics.report("W1012", child(server, "url")!, `The variable ${shown(name)} is not declared.`);
  }
  for (const [name, variable] of entriesOf(variables)) {
    const values = child(variable, "enum");
    if (values === undefined) continue;
    const allowed = textsAt(variable, "enum");
    const value = textAt(variable, "default");
    if (allowed.length === 0) diagnostics.report("W1012", values, `The variable ${shown(name)} has no values.`);
    else if (value !== undefined && !allowed.includes(value)) {
      diagnostics.report(
        "W1012",
        child(variable, "default")!,
        `${shown(value)} is none of the values of ${shown(name)}.`,
      );
    }
  }
}

/** Relative addresses are paths themselves. */
function basePathOf(url: string): string {
  const rest = url.replace(/^[a-z][a-z0-9+.-]*:/i, "").replace(/^\/\/[^/?#]*/, "");
  return rest
    .replace(/[?#].*$/, "")
    .replace(/^(?=[^/])/, "/")
    .replace(/\/+$/, "");
}
