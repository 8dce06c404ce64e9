/** `biplane node` */
import { hostname as machineName } from "node:os";
import { readEndpoints } from "#apps/biplane/state";
import type { CommandBody, CommandContext } from "../../cli/command.ts";
import { usageError } from "../../cli/errors.ts";
import { dataDirectoryOf } from "../../cli/find-cloud.ts";
import { flagSetting, hostSetting, logLevelSetting, portSetting, regionSetting, setting } from "./settings.ts";

const AWS_PORT = 4566;

export const node: CommandBody = async (context) => {
  const dataDirectory = dataDirectoryOf(context);
  const options = {
    dataDirectory,
    hostname: hostSetting(context),
    port: portSetting(context, "port", AWS_PORT),
    controlPlaneUrl: controlPlaneUrl(context, dataDirectory),
    joinToken: setting(context, "join-token"),
    name: setting(context, "name") ?? machineName(),
    region: regionSetting(context),
    enforceThroughput: flagSetting(context, "enforce-throughput"),
    auditDataEvents: flagSetting(context, "audit-data-events"),
    logLevel: logLevelSetting(context),
    accessLog: setting(context, "access-log"),
    version: context.version,
    print: (line: string) => context.terminal.line(line),
  };
  // Loaded once the options are known to be good: a mistake is told at once.
  const { runNode } = await import("../../planes/index.ts");
  return runNode(options);
};

export function controlPlaneUrl(context: CommandContext, dataDirectory: string): string {
  const given = setting(context, "control-plane");
  if (given === undefined) {
    const local = readEndpoints(dataDirectory).find((found) => found.role === "control" && found.running)?.apiUrl;
    if (local !== undefined) return local;
    throw usageError("Which control plane? Name it with --control-plane URL.");
  }
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url !== undefined && (url.protocol === "http:" || url.protocol === "https:")) return url.origin;
  throw usageError(`--control-plane must be an http or https URL, not "${given}".`);
}
