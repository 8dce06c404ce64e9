/** Entry point of the executable that holds the gateway and nothing else. */
import { parseArgs } from "node:util";
import packageJson from "#package" with { type: "json" };
import { GATEWAY_OPTIONS, GatewayUsage, readGatewaySettings, runGateway } from "./index.ts";

const HELP = `Usage: biplane-gateway --artifact FILE [OPTIONS]
       biplane-gateway --control-plane URL --project-id ID [OPTIONS]

${GATEWAY_OPTIONS.map(({ name, value, help }) => `  --${`${name} ${value}`.padEnd(30)}${help}`).join("\n")}
`;

async function main(): Promise<number> {
  const complain = (line: string): void => console.error(line);
  try {
    const options = Object.fromEntries(GATEWAY_OPTIONS.map(({ name }) => [name, { type: "string" } as const]));
    const { values } = parseArgs({ options: { ...options, help: { type: "boolean" }, version: { type: "boolean" } } });
    if (values.help === true) {
      console.log(HELP);
      return 0;
    }
    if (values.version === true) {
      console.log(packageJson.version);
      return 0;
    }
    const settings = readGatewaySettings(values, process.env);
    return await runGateway(settings, { version: packageJson.version, print: (line) => console.log(line), complain });
  } catch (error) {
    if (!(error instanceof GatewayUsage || error instanceof TypeError)) throw error;
    complain(`biplane-gateway: ${error.message}`);
    return 2;
  }
}

process.exit(await main());
