/** From text or JSON to a manifest in its normal form, or to everything that is wrong with it. Pure. */
import { canonicalJson } from "#foundation/canonical-json";
import { checkValue, INVALID, typeName } from "./check.ts";
import { type DocumentValues, documentValues } from "./document-values.ts";
import type { Manifest } from "./manifest.ts";
import { limitProblems, type ManifestProblem, type Place, type Report } from "./problem.ts";
import { readDocument } from "./read-document.ts";
import { relate } from "./relations.ts";
import { MANIFEST_SCHEMA } from "./schema.ts";

export type ParsedManifest =
  | { readonly manifest: Manifest; readonly problems?: undefined }
  | { readonly problems: readonly ManifestProblem[]; readonly manifest?: undefined };

/** UTF-8 bytes of the canonical JSON, whatever it was made from: what a release carries along. */
export const MANIFEST_JSON_BYTES_MAX = 256_000;

/**
 * Reads the text of a `biplane.toml`. Never throws.
 *
 * @returns the manifest in its normal form, or all problems in the order of the file, each with its place
 */
export function parseManifest(text: string): ParsedManifest {
  const read = readDocument(text);
  if ("problem" in read) return { problems: [read.problem] };
  const { value, ...places } = documentValues(read.document);
  return judge(value, places);
}

/**
 * The same from a JSON value with the same names and rules, as the API takes it. Never throws.
 * Whoever parses JSON text limits its size and depth first.
 */
export function manifestFromJson(value: unknown): ParsedManifest {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const message = `A manifest is an object, not ${typeName(value)}.`;
    return { problems: [{ code: "E_SYNTAX", path: "", message }] };
  }
  return judge(value, { values: new Map(), keys: new Map() });
}

/** The normal form of a manifest: itself, when it is in that form already. @throws TypeError for what is no valid manifest */
export function normalManifest(manifest: Manifest): Manifest {
  const parsed = manifestFromJson(manifest);
  if (parsed.manifest === undefined) throw new TypeError(`not a manifest: ${JSON.stringify(parsed.problems)}`);
  return parsed.manifest;
}

type Places = Pick<DocumentValues, "keys" | "values">;

function judge(value: unknown, places: Places): ParsedManifest {
  const problems: ManifestProblem[] = [];
  const report: Report = (code, path, message, part) => {
    problems.push({ code, path, message, ...placeOf(path, part === "key", places) });
  };
  const checked = checkValue(MANIFEST_SCHEMA, value, "", report);
  const related = checked === INVALID ? {} : relate(checked as Readonly<Record<string, unknown>>, report);
  if (problems.length > 0) return { problems: limitProblems(inOrder(problems)) };
  // Nothing was reported, so that the value is what the table of rules describes.
  const manifest = ordered(related as unknown as Manifest);
  if (Buffer.byteLength(canonicalJson(manifest)) <= MANIFEST_JSON_BYTES_MAX) return { manifest };
  const message = `A manifest has at most ${MANIFEST_JSON_BYTES_MAX.toLocaleString("en")} bytes as canonical JSON.`;
  return { problems: [{ code: "E_TOO_LARGE", path: "", message }] };
}

/** Where the value stands, or its key; what is missing, where the table stands that misses it. */
function placeOf(path: string, atKey: boolean, { keys, values }: Places): Place | undefined {
  const own = (atKey ? keys.get(path) : undefined) ?? values.get(path);
  if (own !== undefined || path === "") return own;
  const cut = Math.max(path.lastIndexOf("."), path.lastIndexOf("["));
  return placeOf(path.slice(0, Math.max(cut, 0)), false, { keys, values });
}

/** As one reads the file. */
function inOrder(problems: readonly ManifestProblem[]): readonly ManifestProblem[] {
  return [...problems].sort(
    (left, right) => (left.line ?? 0) - (right.line ?? 0) || (left.column ?? 0) - (right.column ?? 0),
  );
}

/** Sets have one order. Ports stay as they are: the first one is PORT. */
function ordered(manifest: Manifest): Manifest {
  const processes = Object.entries(manifest.processes).map(
    ([name, process]) => [name, { ...process, mounts: sorted(process.mounts, ({ path }) => path) }] as const,
  );
  return {
    ...manifest,
    processes: Object.fromEntries(processes),
    volumes: sorted(manifest.volumes, ({ name }) => name),
    endpoints: sorted(manifest.endpoints, ({ hostname = "", listen_port = 0, path = "" }) =>
      JSON.stringify([hostname, path, listen_port]),
    ),
  };
}

function sorted<Item>(items: readonly Item[], key: (item: Item) => string): readonly Item[] {
  return [...items].sort((left, right) => (key(left) < key(right) ? -1 : 1));
}
