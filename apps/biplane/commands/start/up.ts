/** `biplane up` */
import type { CommandBody } from "../../cli/command.ts";
import { dataDirectoryOf } from "../../cli/find-cloud.ts";
import {
  databaseSetting,
  flagSetting,
  hostSetting,
  logLevelSetting,
  namesSetting,
  optionalPortSetting,
  portSetting,
  regionSetting,
  secondsSetting,
  setting,
} from "./settings.ts";

const AWS_PORT = 4566;
const API_PORT = 4580;

export const up: CommandBody = async (context) => {
  const port = portSetting(context, "port", AWS_PORT);
  // Who asks for any free port has another cloud beside this one, and wants the usual ports of neither.
  const free = port === 0 ? 0 : undefined;
  const options = {
    dataDirectory: dataDirectoryOf(context),
    hostname: hostSetting(context),
    port,
    httpPort: optionalPortSetting(context, "http-port") ?? free,
    httpsPort: optionalPortSetting(context, "https-port") ?? free,
    tlsPort: optionalPortSetting(context, "tls-port"),
    apiPort: portSetting(context, "api-port", free ?? API_PORT),
    apiNames: namesSetting(context, "api-name"),
    region: regionSetting(context),
    gatewayHeartbeatSecs: secondsSetting(context, "gateway-heartbeat", 1, 300),
    enforceThroughput: flagSetting(context, "enforce-throughput"),
    auditDataEvents: flagSetting(context, "audit-data-events"),
    database: databaseSetting(context),
    logLevel: logLevelSetting(context),
    accessLog: setting(context, "access-log"),
    version: context.version,
    print: (line: string) => context.terminal.line(line),
  };
  // Loaded once the options are known to be good: a mistake is told at once.
  const { runUp } = await import("../../planes/index.ts");
  return runUp(options);
};
