/** `biplane doctor` */
import { EXIT } from "#foundation/errors";
import type { CommandBody } from "../../cli/command.ts";
import { dataDirectoryOf } from "../../cli/find-cloud.ts";
import { type Check, type Finding, runChecks } from "./doctor-checks.ts";
import { DATA_DIRECTORY_CHECKS } from "./doctor-data-directory.ts";
import { MACHINE_CHECKS } from "./doctor-machine.ts";

const AWS_PORT = 4566;
const API_PORT = 4580;
const PORT_MAX = 65_535;

const CHECKS: readonly Check[] = [...MACHINE_CHECKS, ...DATA_DIRECTORY_CHECKS];
const TONE = { ok: "good", warn: "warn", fail: "bad" } as const;

export const doctor: CommandBody = async (context) => {
  const { arguments: given, terminal } = context;
  const findings = await runChecks(CHECKS, {
    dataDirectory: dataDirectoryOf(context),
    ports: [
      { name: "AWS endpoint", option: "--port", port: given.integer("port", 0, PORT_MAX) ?? AWS_PORT },
      { name: "control API", option: "--api-port", port: given.integer("api-port", 0, PORT_MAX) ?? API_PORT },
    ],
  });
  const healthy = findings.every((finding) => finding.level !== "fail");
  if (context.json) terminal.json({ healthy, findings });
  else for (const finding of findings) show(finding);
  return healthy ? EXIT.ok : EXIT.failure;

  function show({ level, name, found, advice }: Finding): void {
    terminal.line(`${terminal.tone(TONE[level], level.padEnd(4))}  ${name.padEnd(16)}  ${found}`);
    if (advice !== undefined) terminal.line(`${" ".repeat(24)}${terminal.tone("dim", "→")} ${advice}`);
  }
};
