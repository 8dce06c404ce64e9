import { describe, expect, test } from "bun:test";
import { SeededRandom } from "../seeded-random.ts";
import { type DirectoryNode, FileTree } from "./file-tree.ts";

/** The names that survive a power failure, as paths, for each of many draws. */
function survivors(prepare: (tree: FileTree) => void, writeBack: "none" | "all" | "prefix" | "any"): readonly string[] {
  const seen = new Set<string>();
  for (let seed = 1; seed <= 200; seed++) {
    const tree = new FileTree();
    prepare(tree);
    tree.losePower(writeBack, SeededRandom.fromSeed(seed));
    seen.add(pathsIn(tree.root).join(" "));
  }
  return [...seen].sort();
}

function pathsIn(directory: DirectoryNode, prefix = ""): readonly string[] {
  return [...directory.entries]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .flatMap(([name, node]) => {
      const path = `${prefix}/${name}`;
      return node.kind === "file" ? [path] : [`${path}/`, ...pathsIn(node, path)];
    });
}

function addFile(tree: FileTree, directory: DirectoryNode, name: string): void {
  tree.setName(directory, name, tree.newFile(0));
}

function addDirectory(tree: FileTree, directory: DirectoryNode, name: string): DirectoryNode {
  const created = tree.newDirectory(0);
  tree.setName(directory, name, created);
  return created;
}

describe("FileTree", () => {
  test("independent names survive independently, or in order", () => {
    const prepare = (tree: FileTree): void => {
      addFile(tree, tree.root, "a");
      addFile(tree, tree.root, "b");
    };
    expect(survivors(prepare, "any")).toEqual(["", "/a", "/a /b", "/b"]);
    expect(survivors(prepare, "prefix")).toEqual(["", "/a", "/a /b"]);
    expect(survivors(prepare, "none")).toEqual([""]);
    expect(survivors(prepare, "all")).toEqual(["/a /b"]);
  });

  test("a sync covers the changes before its mark in its directory, and what those build upon", () => {
    const prepare = (tree: FileTree): void => {
      const home = addDirectory(tree, tree.root, "home");
      addFile(tree, home, "x");
      tree.moveName(home, "x", tree.root, "y");
      const mark = tree.mark();
      addFile(tree, tree.root, "late");
      tree.sync(tree.root, mark);
    };
    // The creation of home/x is in another directory, but moving it to y was only possible after it.
    expect(survivors(prepare, "none")).toEqual(["/home/ /y"]);
  });

  test("syncing a directory does not make its own name durable, unless something was moved into it", () => {
    const created = (tree: FileTree): void => {
      const home = addDirectory(tree, tree.root, "home");
      addFile(tree, home, "x");
      tree.sync(home, tree.mark());
    };
    expect(survivors(created, "none")).toEqual([""]);
    const moved = (tree: FileTree): void => {
      addFile(tree, tree.root, "x");
      tree.sync(tree.root, tree.mark());
      const home = addDirectory(tree, tree.root, "home");
      tree.moveName(tree.root, "x", home, "x");
      tree.sync(home, tree.mark());
    };
    expect(survivors(moved, "none")).toEqual(["/home/ /home/x"]);
  });

  test("changes of one name survive in their order only", () => {
    const prepare = (tree: FileTree): void => {
      addFile(tree, tree.root, "a");
      tree.sync(tree.root, tree.mark());
      tree.moveName(tree.root, "a", tree.root, "b");
      tree.moveName(tree.root, "b", tree.root, "c");
    };
    for (const writeBack of ["any", "prefix"] as const) {
      expect(survivors(prepare, writeBack)).toEqual(["/a", "/b", "/c"]);
    }
  });

  test("a durable file is never lost by moving it into a directory that does not survive", () => {
    const prepare = (tree: FileTree): void => {
      addFile(tree, tree.root, "a");
      tree.sync(tree.root, tree.mark());
      const home = addDirectory(tree, tree.root, "home");
      tree.moveName(tree.root, "a", home, "a");
    };
    expect(survivors(prepare, "any")).toEqual(["/a", "/a /home/", "/home/ /home/a"]);
  });

  test("a failed sync is not tried again", () => {
    const outcomes = new Set<string>();
    for (let seed = 1; seed <= 50; seed++) {
      const tree = new FileTree();
      addFile(tree, tree.root, "a");
      tree.failSync(tree.root, tree.mark(), SeededRandom.fromSeed(seed));
      tree.losePower("none", SeededRandom.fromSeed(seed));
      outcomes.add(pathsIn(tree.root).join(" "));
    }
    expect([...outcomes].sort()).toEqual(["", "/a"]);
  });
});
