/** `biplane control` */
import type { CommandBody } from "../../cli/command.ts";
import { dataDirectoryOf } from "../../cli/find-cloud.ts";
import { runControl } from "../../planes/index.ts";
import { hostSetting, logLevelSetting, portSetting, regionSetting } from "./settings.ts";

const API_PORT = 4580;

export const control: CommandBody = (context) =>
  runControl({
    dataDirectory: dataDirectoryOf(context),
    hostname: hostSetting(context),
    apiPort: portSetting(context, "api-port", API_PORT),
    region: regionSetting(context),
    logLevel: logLevelSetting(context),
    version: context.version,
    print: (line) => context.terminal.line(line),
  });
