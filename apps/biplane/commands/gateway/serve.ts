/** `biplane gateway serve` */
import { GATEWAY_OPTIONS, GatewayUsage, readGatewaySettings, runGateway } from "#apps/gateway";
import type { CommandBody } from "../../cli/command.ts";
import { usageError } from "../../cli/errors.ts";

export const gatewayServe: CommandBody = async ({ arguments: given, environment, terminal, version }) => {
  try {
    const texts = Object.fromEntries(GATEWAY_OPTIONS.map(({ name }) => [name, given.text(name)]));
    const settings = readGatewaySettings(texts, environment);
    return await runGateway(settings, {
      version,
      print: (line) => terminal.line(line),
      complain: (line) => terminal.note(line),
    });
  } catch (error) {
    if (error instanceof GatewayUsage) throw usageError(error.message);
    throw error;
  }
};
