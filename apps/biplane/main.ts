/** Entry point of the command line. */
import packageJson from "#package" with { type: "json" };
import { runCommandLine } from "./cli/index.ts";
import { ROOT_COMMAND } from "./commands/index.ts";

const argv = process.argv.slice(2);

// A built executable is its own supervisor of instances; see `planes/instance-command.ts`.
if (argv[0] === "instance-process") {
  const { runInstanceProcess } = await import("#data-plane/agent/runtimes");
  await runInstanceProcess(argv.slice(1), [process.execPath, "instance-process"]);
} else {
  process.exit(
    await runCommandLine({ argv, environment: process.env, version: packageJson.version, root: ROOT_COMMAND }),
  );
}
