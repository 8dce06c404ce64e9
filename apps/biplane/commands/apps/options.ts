/** Options of commands about applications. */
import type { CommandOption } from "../../cli/command.ts";

export const APP_OPTION: CommandOption = {
  name: "app",
  short: "a",
  value: "APP",
  help: "The app (that of biplane.toml here, or of biplane use)",
};
export const ENV_OPTION: CommandOption = {
  name: "env",
  short: "e",
  value: "ENV",
  help: "The environment (production)",
};
