/** The file system of a small image, put together from programs of this machine. */
import { chmodSync, copyFileSync, mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

const PROGRAMS = [
  "sh",
  "cat",
  "env",
  "grep",
  "head",
  "id",
  "ls",
  "mkdir",
  "sleep",
  "stat",
  "tail",
  "touch",
  "wc",
  "yes",
  "tr",
  "seq",
  "date",
  "dd",
  "sed",
  "cut",
  "setsid",
  "ln",
  "rm",
  "mount",
  "unshare",
];

/** @param more paths of programs to put beside the usual ones */
export function makeTestImage(directory: string, more: readonly string[] = []): void {
  for (const folder of ["bin", "tmp", "etc", "proc", "sys", "dev", "run"])
    mkdirSync(join(directory, folder), { recursive: true });
  chmodSync(join(directory, "tmp"), 0o1777);
  writeFileSync(join(directory, "etc/passwd"), "root:x:0:0::/root:/bin/sh\nweb:x:1000:1001::/home/web:/bin/sh\n");
  writeFileSync(join(directory, "etc/group"), "root:x:0:\nstaff:x:50:\n");
  const libraries = new Set<string>();
  for (const program of [...PROGRAMS, ...more]) {
    const path = program.startsWith("/") ? program : Bun.which(program);
    if (path === null) throw new Error(`this machine has no ${program}`);
    const name = basename(program);
    copyFileSync(realpathSync(path), join(directory, "bin", name));
    chmodSync(join(directory, "bin", name), 0o755);
    const { stdout } = Bun.spawnSync(["ldd", realpathSync(path)]);
    for (const [library] of stdout.toString().matchAll(/\/[^\s()]+/g)) libraries.add(library);
  }
  for (const library of libraries) {
    mkdirSync(join(directory, dirname(library)), { recursive: true });
    copyFileSync(realpathSync(library), join(directory, library));
    chmodSync(join(directory, library), 0o755);
  }
}
