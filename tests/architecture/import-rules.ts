/**
 * The rules of the house as a pure check over the files of the tree.
 *
 * Areas: foundation, contracts, control-plane, data-plane, apps, clients, tests, bench, scripts. Rooms: the folders directly below foundation, the
 * planes, apps and clients. A room is entered through an `index.ts`: its own, or that of a folder inside it.
 */

import { posix } from "node:path";
import { type Import, type Scan, scanImports } from "./scan-imports.ts";

export interface SourceFile {
  /** Relative to the root of the repository, with `/`. */
  readonly path: string;
  readonly source: string;
}

export interface Declared {
  /** Packages that shipped code may import. */
  readonly dependencies: ReadonlySet<string>;
  /** Packages for tests, benchmarks and scripts. */
  readonly devDependencies: ReadonlySet<string>;
}

const ROOMED = new Set(["foundation", "control-plane", "data-plane", "apps", "clients"]);

/** Which areas an area may import by name. Its own area is meant as other rooms of it. */
const MAY_SEE: Readonly<Record<string, ReadonlySet<string>>> = {
  foundation: new Set(["foundation"]),
  contracts: new Set(["foundation"]),
  "control-plane": new Set(["foundation", "contracts", "control-plane"]),
  "data-plane": new Set(["foundation", "contracts", "data-plane"]),
  apps: new Set(["foundation", "contracts", "control-plane", "data-plane", "apps"]),
  tests: new Set(["foundation", "contracts", "control-plane", "data-plane", "apps"]),
  bench: new Set(["foundation", "contracts", "control-plane", "data-plane", "apps"]),
  // Tables and clients are made from what the services and the API say of themselves.
  scripts: new Set(["foundation", "contracts", "control-plane", "data-plane"]),
};

/** What shared test support a unit test inside a room may reach by a relative path. */
const TEST_SUPPORT = "tests/support/";
/** Clients are packages of their own, which tests know by their doors. */
const CLIENT_DOOR = /^clients\/[^/]+\/src\/index\.ts$/;
/** Names that say nothing about what a file holds. */
const NAMELESS = /^(utils?|helpers?|misc|common)$/;
/** Tools that read a default export from their own configuration file. */
const TOOL_CONFIG = /\.config\.tsx?$/;

/** What the check of one file needs to know about all of them. */
interface Tree {
  readonly paths: ReadonlySet<string>;
  /** Files that are part of the program: reached from a door or an entry point. The rest serves tests. */
  readonly shipped: ReadonlySet<string>;
  readonly declared: Declared;
}

/** All violations, one sentence each, in the order of the files. */
export function checkImports(files: readonly SourceFile[], declared: Declared): readonly string[] {
  const scans = new Map(files.map((file) => [file.path, scanImports(file.source)]));
  const paths = new Set(scans.keys());
  const tree: Tree = { paths, shipped: reachable(scans), declared };
  return [...scans].flatMap(([path, scan]) => checkFile(path, scan, tree));
}

function checkFile(path: string, { imports, defaultExports }: Scan, tree: Tree): readonly string[] {
  const found: string[] = [];
  const say = (line: number, text: string): void => void found.push(`${path}:${line} ${text}`);
  for (const part of path.split("/")) {
    if (NAMELESS.test(part.replace(/(\.test)?\.tsx?$/, "")))
      say(1, `is named "${part}": name files for what they hold`);
  }
  if (!TOOL_CONFIG.test(path)) for (const line of defaultExports) say(line, "exports a default");
  for (const one of imports) {
    const problem = problemOf(path, one, tree);
    if (problem !== undefined) say(one.line, `imports "${one.specifier}": ${problem}`);
  }
  return found;
}

function problemOf(from: string, one: Import, tree: Tree): string | undefined {
  const { specifier } = one;
  if (specifier.startsWith(".")) return relativeProblem(from, specifier, tree.paths);
  if (specifier.startsWith("#")) return doorProblem(from, one, tree.paths);
  if (specifier.startsWith("/") || specifier.startsWith("file:")) return "absolute paths work on one machine only";
  if (areaOf(from) === "contracts" && !one.typeOnly) return "contracts hold no behaviour; import types only";
  return packageProblem(from, one, tree);
}

function relativeProblem(from: string, specifier: string, paths: ReadonlySet<string>): string | undefined {
  const target = posix.join(posix.dirname(from), specifier);
  if (!/\.[a-z]+$/.test(specifier)) return "a relative import names the file with its extension";
  if (/\.tsx?$/.test(specifier) && !paths.has(target)) return "there is no such file";
  if (roomOf(from) === roomOf(target)) return undefined;
  if (isTest(from) && (target.startsWith(TEST_SUPPORT) || CLIENT_DOOR.test(target))) return undefined;
  return `a relative import may not leave ${roomOf(from)}; enter another room by its name`;
}

function doorProblem(from: string, one: Import, paths: ReadonlySet<string>): string | undefined {
  // The program's version and name stand in one place.
  if (one.specifier === "#package") return areaOf(from) === "apps" ? undefined : "only apps say which version they are";
  const match = /^#(contracts|foundation|control-plane|data-plane|apps)(?:\/(.+))?$/.exec(one.specifier);
  if (match === null || (match[1] === "contracts") !== (match[2] === undefined)) return "there is no such room";
  const area = match[1]!;
  const door = match[2] === undefined ? `${area}/index.ts` : `${area}/${match[2]}/index.ts`;
  if (!paths.has(door)) return `there is no door ${door}`;
  const own = areaOf(from);
  if (roomOf(door) === roomOf(from)) {
    // An inner door may be used within its room; the room's own door would close a circle.
    const isOwnDoor = door === `${roomOf(from)}/index.ts`;
    return isOwnDoor && !isTest(from) ? "inside a room imports are relative" : undefined;
  }
  if (own === "contracts" && !one.typeOnly) return "contracts hold no behaviour; import types only";
  return MAY_SEE[own]?.has(area) === true ? undefined : `${own} may not see ${area}`;
}

function packageProblem(from: string, one: Import, { declared, shipped }: Tree): string | undefined {
  const { specifier } = one;
  if (areaOf(from) === "clients" && !isTest(from)) return "a client needs nothing but what every platform has";
  if (specifier.startsWith("node:") || specifier === "bun" || specifier.startsWith("bun:")) {
    return specifier === "bun:test" && shipped.has(from) ? "shipped code does not load the test runner" : undefined;
  }
  const name = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
  if (declared.dependencies.has(name)) return undefined;
  if (!declared.devDependencies.has(name)) return `${name} is not declared in package.json`;
  return shipped.has(from) && !one.typeOnly ? `${name} is a development dependency` : undefined;
}

/** Files reached from the doors of rooms and from the files of apps. Types are erased and reach nothing. */
function reachable(scans: ReadonlyMap<string, Scan>): ReadonlySet<string> {
  const reached = new Set<string>();
  const queue = [...scans.keys()].filter(isEntry);
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    const scan = scans.get(path);
    if (scan === undefined || reached.has(path)) continue;
    reached.add(path);
    for (const { specifier, typeOnly } of scan.imports) {
      if (typeOnly) continue;
      if (specifier.startsWith(".")) queue.push(posix.join(posix.dirname(path), specifier));
      else if (specifier.startsWith("#")) queue.push(`${specifier.slice(1)}/index.ts`);
    }
  }
  return reached;
}

function isEntry(path: string): boolean {
  if (areaOf(path) === "apps") return !isTest(path);
  return CLIENT_DOOR.test(path) || (isShippedArea(path) && path === `${roomOf(path)}/index.ts`);
}

function areaOf(path: string): string {
  return path.split("/", 1)[0] ?? "";
}

/** The room a file is in: `foundation/http`, `contracts`, `tests` … */
function roomOf(path: string): string {
  const [area = "", room = ""] = path.split("/");
  return ROOMED.has(area) ? `${area}/${room}` : area;
}

function isTest(path: string): boolean {
  return /\.test\.tsx?$/.test(path) || !isShippedArea(path);
}

function isShippedArea(path: string): boolean {
  return areaOf(path) === "contracts" || ROOMED.has(areaOf(path));
}
