/** Entry point of the command line. */
import packageJson from "#package" with { type: "json" };
import { runCommandLine } from "./cli/index.ts";
import { ROOT_COMMAND } from "./commands/index.ts";

process.exit(
  await runCommandLine({
    argv: process.argv.slice(2),
    environment: process.env,
    version: packageJson.version,
    root: ROOT_COMMAND,
  }),
);
