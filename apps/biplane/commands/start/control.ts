/** `biplane control` */
import type { CommandBody } from "../../cli/command.ts";
import { dataDirectoryOf } from "../../cli/find-cloud.ts";
import {
  databaseSetting,
  hostSetting,
  logLevelSetting,
  namesSetting,
  portSetting,
  regionSetting,
  secondsSetting,
} from "./settings.ts";

const API_PORT = 4580;

export const control: CommandBody = async (context) => {
  const options = {
    dataDirectory: dataDirectoryOf(context),
    hostname: hostSetting(context),
    apiPort: portSetting(context, "api-port", API_PORT),
    apiNames: namesSetting(context, "api-name"),
    region: regionSetting(context),
    gatewayHeartbeatSecs: secondsSetting(context, "gateway-heartbeat", 1, 300),
    database: databaseSetting(context),
    logLevel: logLevelSetting(context),
    version: context.version,
    print: (line: string) => context.terminal.line(line),
  };
  // Loaded once the options are known to be good: a mistake is told at once.
  const { runControl } = await import("../../planes/index.ts");
  return runControl(options);
};
