/** `npm run bench -- <name>`: runs one benchmark beside its peers. Without a name, lists them. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

const here = import.meta.dir;
const names = readdirSync(here).filter(
  (name) => existsSync(join(here, name, "run.ts")) && statSync(join(here, name)).isDirectory(),
);
const name = process.argv[2];
if (name === undefined || !names.includes(name)) {
  console.error(`usage: npm run bench -- <name>\nbenchmarks: ${names.join(", ")}`);
  process.exit(2);
}
const child = Bun.spawn([process.execPath, join(here, name, "run.ts"), ...process.argv.slice(3)], {
  stdio: ["inherit", "inherit", "inherit"],
});
process.exit(await child.exited);
