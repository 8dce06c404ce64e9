/** `biplane env` */
import type { CommandBody } from "../../cli/command.ts";
import { usageError } from "../../cli/errors.ts";
import { findLocalCloud, type LocalCloud, notRunning } from "../../cli/find-cloud.ts";

export const env: CommandBody = (context) => {
  const shell = context.arguments.text("shell") ?? "sh";
  const assign = ASSIGN[shell];
  if (assign === undefined)
    throw usageError(`--shell must be one of ${Object.keys(ASSIGN).join(", ")}, not "${shell}".`);
  const cloud = findLocalCloud(context);
  if (cloud.running.length === 0) throw notRunning(cloud.dataDirectory, "Biplane", "biplane up");
  const variables = variablesOf(cloud);
  if (context.json) context.terminal.json(variables);
  else for (const [name, value] of Object.entries(variables)) context.terminal.line(assign(name, value));
  return undefined;
};

/** What is known; a data plane alone has no API, a control plane alone no AWS endpoint. */
function variablesOf({ running, credentials }: LocalCloud): Readonly<Record<string, string>> {
  const awsEndpointUrl = running.find((found) => found.awsEndpointUrl !== undefined)?.awsEndpointUrl;
  const apiUrl = running.find((found) => found.apiUrl !== undefined)?.apiUrl;
  return {
    ...(awsEndpointUrl === undefined ? {} : { AWS_ENDPOINT_URL: awsEndpointUrl }),
    ...(credentials === undefined
      ? {}
      : {
          AWS_ACCESS_KEY_ID: credentials.accessKeyId,
          AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
          AWS_REGION: credentials.region,
          AWS_DEFAULT_REGION: credentials.region,
          BIPLANE_ACCOUNT_ID: credentials.accountId,
          BIPLANE_TOKEN: credentials.apiToken,
        }),
    ...(apiUrl === undefined ? {} : { BIPLANE_API_URL: apiUrl }),
  };
}

/** How shells set a variable. Within single quotes POSIX shells take everything but the quote itself, fish also minds backslashes. */
const ASSIGN: Readonly<Record<string, ((name: string, value: string) => string) | undefined>> = {
  sh: (name, value) => `export ${name}='${value.replaceAll("'", "'\\''")}'`,
  fish: (name, value) => `set -gx ${name} '${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`,
};
