/** `biplane env` */
import type { CommandBody } from "../../cli/command.ts";
import { findLocalCloud, type LocalCloud, notRunning } from "../../cli/find-cloud.ts";
import { shellAssignment } from "../../cli/shell.ts";

export const env: CommandBody = (context) => {
  const assign = shellAssignment(context.arguments);
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
