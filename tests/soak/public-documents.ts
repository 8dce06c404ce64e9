/**
 * Every description in a folder, compiled with nothing but an upstream: whether it can be served, or for what it is refused and where, and how long that took.
 *
 *     scripts/bun tests/soak/public-documents.ts <folder> [<list>] > table.md
 *
 * Below the folder, `<owner>+<name>/…` holds files of a repository as they are there; `<list>` is a file with the paths that are descriptions, one a line (default: every `.json`, `.yaml` and `.yml` that says so). The descriptions
 * themselves belong to others and are not kept here. Exits with 1 when something was thrown, when a problem has no place, or when 3 MB took 3 s.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Glob } from "bun";
import { compileGateway } from "#control-plane/gateways";
import { directoryReader } from "#foundation/api-description";

const [folder, list] = process.argv.slice(2);
if (folder === undefined) throw new Error("say in which folder the descriptions are");

/** Of OpenAPI 3 or AsyncAPI 3, among its first lines. */
const SAYS_SO = /^\s*["']?(?:openapi|asyncapi)["']?\s*:\s*["']?3\./m;

const paths =
  list === undefined
    ? [...new Glob("**/*.{json,yaml,yml}").scanSync(folder)]
        .filter((path) => SAYS_SO.test(readFileSync(join(folder, path), "utf8")))
        .sort()
    : readFileSync(list, "utf8")
        .split("\n")
        .filter((line) => line.trim() !== "");

interface Row {
  readonly repository: string;
  readonly path: string;
  readonly bytes: number;
  readonly outcome: string;
  readonly ms: number;
}

/** Of this program alone: what others do on the machine at the same time does not count. In milliseconds. */
const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};

/** Allowed: three seconds for three megabytes, and as much for anything smaller. */
const allowedMs = (bytes: number): number => Math.max(3_000, (bytes / 1_000_000) * 1_000);

const rows: Row[] = [];
const wrong: string[] = [];
for (const path of paths) {
  const slash = path.indexOf("/");
  const [repository, file] = [path.slice(0, slash).replace("+", "/"), path.slice(slash + 1)];
  const root = join(folder, path.slice(0, slash));
  const bytes = readFileSync(join(root, file)).length;
  const started = cpuMs();
  try {
    const { artifact, diagnostics } = compileGateway({
      files: [file],
      read: directoryReader(root),
      upstream: "https://upstream.example",
      provenance: { compiler: "soak" },
    });
    const ms = cpuMs() - started;
    const errors = diagnostics.filter(({ level }) => level === "error");
    for (const { code, file: at, line, message } of errors) {
      console.error(`${path}: ${code} ${at}:${line} ${message}`);
      if (line < 1) wrong.push(`${path}: ${code} has no place`);
    }
    const first = errors[0];
    if ((artifact === undefined) !== (first !== undefined)) wrong.push(`${path}: neither an artifact nor an error`);
    const others = errors.length > 1 ? `, ${errors.length - 1} more` : "";
    const outcome =
      first === undefined
        ? "compiled"
        : `${first.code} at ${first.file === file ? "" : `${first.file}:`}${first.line}${others}`;
    rows.push({ repository, path: file, bytes, outcome, ms });
    if (ms > allowedMs(bytes)) wrong.push(`${path}: ${Math.round(ms)} ms for ${bytes} bytes`);
  } catch (error) {
    wrong.push(`${path}: ${error instanceof Error ? error.stack : String(error)}`);
    rows.push({ repository, path: file, bytes, outcome: "**thrown**", ms: cpuMs() - started });
  }
}

/** Written by whoever brought the documents here: a repository and its commit on each line. */
const commits = new Map(
  existsSync(join(folder, "commits"))
    ? readFileSync(join(folder, "commits"), "utf8")
        .trim()
        .split("\n")
        .map((line) => line.split(" ") as [string, string])
    : [],
);
const compiled = rows.filter(({ outcome }) => outcome === "compiled").length;
console.log(`${rows.length} documents: ${compiled} compiled, ${rows.length - compiled} refused.\n`);
console.log("| repository @ commit | document | bytes | result | ms of processor |\n|---|---|---:|---|---:|");
for (const { repository, path, bytes, outcome, ms } of rows) {
  const commit = commits.get(repository.replace("/", "+"))?.slice(0, 12);
  console.log(
    `| ${repository}${commit === undefined ? "" : ` @ ${commit}`} | ${path} | ${bytes} | ${outcome} | ${Math.round(ms)} |`,
  );
}
for (const text of wrong) console.error(`WRONG ${text}`);
process.exit(wrong.length > 0 ? 1 : 0);
