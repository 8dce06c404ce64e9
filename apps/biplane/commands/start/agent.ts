/** `biplane agent` and `biplane edge` */
import type { CommandBody, CommandContext } from "../../cli/command.ts";
import { dataDirectoryOf } from "../../cli/find-cloud.ts";
import { controlPlaneUrl } from "./node.ts";
import {
  flagSetting,
  hostSetting,
  logLevelSetting,
  memorySetting,
  optionalPortSetting,
  portSetting,
  setting,
} from "./settings.ts";

const HTTP_PORT = 8080;

function joining(context: CommandContext) {
  const dataDirectory = dataDirectoryOf(context);
  return {
    dataDirectory,
    hostname: hostSetting(context),
    controlPlaneUrl: controlPlaneUrl(context, dataDirectory),
    joinToken: setting(context, "join-token"),
    logLevel: logLevelSetting(context),
    version: context.version,
    print: (line: string) => context.terminal.line(line),
  };
}

export const agent: CommandBody = async (context) => {
  const options = {
    ...joining(context),
    name: setting(context, "name"),
    memoryBytes: memorySetting(context, "memory"),
    stopInstances: flagSetting(context, "stop-instances"),
  };
  const { runAgent } = await import("../../planes/index.ts");
  return runAgent(options);
};

export const edge: CommandBody = async (context) => {
  const options = {
    ...joining(context),
    httpPort: portSetting(context, "http-port", HTTP_PORT),
    httpsPort: optionalPortSetting(context, "https-port"),
    tlsPort: optionalPortSetting(context, "tls-port"),
    accessLog: setting(context, "access-log"),
  };
  const { runEdge } = await import("../../planes/index.ts");
  return runEdge(options);
};
