/** Several paths as one tree, so that overlaps show and documents are walked once. Plain data. */

import type { Path } from "./bindings.ts";
import { type ExpressionParameter, invalidExpression } from "./invalid-expression.ts";
import type { PathPart } from "./syntax.ts";

/** One step of one or more paths. */
export interface PathNode {
  readonly part: PathPart;
  /** The path that ends here, by its number in the list; such a node has no children. */
  readonly path?: number;
  /** Names, or indexes in ascending order; never both. */
  readonly children: readonly PathNode[];
}

interface Branch {
  path: number | undefined;
  /** The first path that came through here. */
  readonly first: number;
  readonly children: Map<PathPart, Branch>;
}

/**
 * Builds the tree.
 *
 * @throws TableValidation when a path is the same as another or leads into it, or when two take one attribute for a list and for a map. Overlaps
 * are reported before conflicts, as AWS does.
 */
export function buildPathTree(paths: readonly Path[], parameter: ExpressionParameter): readonly PathNode[] {
  if (paths.every((path) => path.length === 1)) return flatTree(paths, parameter);
  const root: Branch = { path: undefined, first: 0, children: new Map() };
  let conflict: readonly [number, number] | undefined;
  for (let i = 0; i < paths.length; i++) {
    const clash = insert(root, paths[i]!, i);
    if (clash?.kind === "overlap") throw clashing("overlap", parameter, paths[clash.with]!, paths[i]!);
    if (clash?.kind === "conflict") conflict ??= [clash.with, i];
  }
  if (conflict !== undefined) throw clashing("conflict", parameter, paths[conflict[0]]!, paths[conflict[1]]!);
  return freezeChildren(root);
}

/** Top-level attributes need no walk, only to be different. */
function flatTree(paths: readonly Path[], parameter: ExpressionParameter): readonly PathNode[] {
  if (paths.length > 1) {
    const seen = new Map<string, Path>();
    for (const path of paths) {
      const twin = seen.get(path[0]);
      if (twin !== undefined) throw clashing("overlap", parameter, twin, path);
      seen.set(path[0], path);
    }
  }
  return paths.map(([part], path): PathNode => ({ part, path, children: NO_CHILDREN }));
}

const NO_CHILDREN: readonly PathNode[] = Object.freeze([]);

type Clash = { readonly kind: "overlap" | "conflict"; readonly with: number } | undefined;

function insert(root: Branch, path: Path, number: number): Clash {
  let branch = root;
  let clash: Clash;
  for (const part of path) {
    const [sibling] = branch.children;
    if (sibling !== undefined && typeof sibling[0] !== typeof part) {
      clash ??= { kind: "conflict", with: sibling[1].first };
    }
    let next = branch.children.get(part);
    if (next === undefined) {
      next = { path: undefined, first: number, children: new Map() };
      branch.children.set(part, next);
    } else if (next.path !== undefined) {
      return { kind: "overlap", with: next.path };
    }
    branch = next;
  }
  if (branch.children.size > 0) return { kind: "overlap", with: branch.first };
  branch.path = number;
  return clash;
}

function freezeChildren(branch: Branch): readonly PathNode[] {
  const nodes = [...branch.children].map(
    ([part, child]): PathNode => ({
      part,
      ...(child.path === undefined ? {} : { path: child.path }),
      children: freezeChildren(child),
    }),
  );
  return nodes.sort((a, b) => (typeof a.part === "number" && typeof b.part === "number" ? a.part - b.part : 0));
}

function clashing(kind: "overlap" | "conflict", parameter: ExpressionParameter, one: Path, two: Path): Error {
  return invalidExpression(
    parameter,
    `Two document paths ${kind} with each other; must remove or rewrite one of these paths; ` +
      `path one: ${pathText(one)}, path two: ${pathText(two)}`,
  );
}

/** A path as AWS's messages write it: `[a, [0], b]`. */
export function pathText(path: Path): string {
  return `[${path.map((part) => (typeof part === "number" ? `[${part}]` : part)).join(", ")}]`;
}
