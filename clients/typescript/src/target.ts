/** Where an operation is: its path and query with what was given. Pure. */
import type { Operation, Parameters } from "./transport.ts";

/** @throws TypeError when a part of the path is missing: without it, the path would be that of another operation */
export function pathOf({ path }: Operation, parameters: Parameters): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = parameters[name];
    if (value === undefined || value === null || value === "") {
      throw new TypeError(`"${name}" is missing: it is part of ${path}.`);
    }
    const text = encodeURIComponent(String(value));
    // URLs have no such parts: whoever reads one takes them, and what stands before them, away.
    if (text === "." || text === "..") throw new TypeError(`"${text}" is no ${name}.`);
    return text;
  });
}

/** "" or `?…`. */
export function queryOf({ query = [] }: Operation, parameters: Parameters): string {
  const given = new URLSearchParams();
  for (const name of query) if (parameters[name] !== undefined) given.set(name, String(parameters[name]));
  const text = given.toString();
  return text === "" ? "" : `?${text}`;
}
