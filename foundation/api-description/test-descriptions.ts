/** Descriptions for the tests of this room. */
import { type LoadedDescriptions, type LoadOptions, loadApiDescriptions } from "./load.ts";

/** Loads texts by their file names; the first one is the description, unless `files` says otherwise. */
export function load(texts: Readonly<Record<string, string>>, options: Partial<LoadOptions> = {}): LoadedDescriptions {
  const read = (path: string): string | undefined => (Object.hasOwn(texts, path) ? texts[path] : undefined);
  return loadApiDescriptions({ files: [Object.keys(texts)[0]!], read, withoutDispatch: "off", ...options });
}

/** `file:line:column CODE message`, without the file when it is the first. */
export function told(texts: Readonly<Record<string, string>>, options: Partial<LoadOptions> = {}): readonly string[] {
  const first = Object.keys(texts)[0]!;
  return load(texts, options).diagnostics.map(({ file, line, column, code, message }) => {
    const place = `${line}:${column} ${code} ${message}`;
    return file === first ? place : `${file}:${place}`;
  });
}

/** A document with these lines below `paths:`, and what else stands at the top. */
export function openapi(paths: string, rest = "", version = "3.1.0"): string {
  return `openapi: ${version}
info: {title: T, version: '1'}
paths:
${paths}
${rest}`;
}
