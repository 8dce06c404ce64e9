/** `biplane version` */
import type { CommandBody } from "../../cli/command.ts";

export const version: CommandBody = ({ json, terminal, version: own }) => {
  if (json) {
    terminal.json({ version: own, bun: Bun.version, platform: process.platform, architecture: process.arch });
  } else terminal.line(`biplane ${own} (bun ${Bun.version}, ${process.platform} ${process.arch})`);
  return undefined;
};
