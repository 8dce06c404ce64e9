/** Entry point of the executable that holds the control plane and nothing else. */
import { parseArgs } from "node:util";
import { resolveDataDirectory } from "#apps/biplane/state";
import packageJson from "#package" with { type: "json" };
import { runControl } from "./index.ts";

const { values } = parseArgs({
  options: {
    data: { type: "string" },
    host: { type: "string", default: "127.0.0.1" },
    "api-port": { type: "string", default: "4580" },
    "api-name": { type: "string", default: "" },
    region: { type: "string", default: "us-east-1" },
    database: { type: "string", default: process.env.BIPLANE_DATABASE_URL || undefined },
    "gateway-heartbeat": { type: "string", default: process.env.BIPLANE_GATEWAY_HEARTBEAT || undefined },
    "database-owner": { type: "string", default: process.env.BIPLANE_DATABASE_OWNER_URL || undefined },
  },
});
const apiPort = Number(values["api-port"]);
if (!Number.isInteger(apiPort) || apiPort < 0 || apiPort > 65_535) {
  console.error(`biplane-control: --api-port must be a number from 0 to 65535, not ${values["api-port"]}`);
  process.exit(2);
}
const heartbeat = values["gateway-heartbeat"];
const heartbeatSecs = heartbeat === undefined ? undefined : Number(heartbeat);
if (heartbeatSecs !== undefined && !(Number.isInteger(heartbeatSecs) && heartbeatSecs >= 1 && heartbeatSecs <= 300)) {
  console.error(`biplane-control: --gateway-heartbeat must be a number of seconds from 1 to 300, not ${heartbeat}`);
  process.exit(2);
}
process.exit(
  await runControl({
    dataDirectory: resolveDataDirectory({ data: values.data }, process.env),
    hostname: values.host,
    apiPort,
    apiNames: values["api-name"].split(",").filter((name) => name !== ""),
    region: values.region,
    gatewayHeartbeatSecs: heartbeatSecs,
    database: values.database === undefined ? undefined : { url: values.database, ownerUrl: values["database-owner"] },
    logLevel: "warn",
    version: packageJson.version,
    print: (line) => console.log(line),
  }),
);
