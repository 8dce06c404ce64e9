/** Which cloud a command talks to, and with what. */
import {
  type Credentials,
  DATA_ENVIRONMENT_VARIABLE,
  type FoundEndpoints,
  readCredentials,
  readEndpoints,
  resolveDataDirectory,
} from "#apps/biplane/state";
import type { CommandContext } from "./command.ts";
import { cliErrors, usageError } from "./errors.ts";

/** The control API and the token for it. */
export interface ApiAccess {
  /** `http://127.0.0.1:4580` */
  readonly url: string;
  readonly token: string;
  /** Gets the next token when this one has expired. */
  readonly renew?: () => Promise<string>;
}

/** The AWS endpoint and the keys for it. */
export interface AwsAccess {
  /** `http://127.0.0.1:4566` */
  readonly url: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** A cloud on this machine. */
export interface LocalCloud {
  readonly dataDirectory: string;
  /** What runs now. */
  readonly running: readonly FoundEndpoints[];
  readonly credentials: Credentials | undefined;
}

/** What says where a command goes. */
export type Where = Pick<CommandContext, "arguments" | "environment">;

const REGION_DEFAULT = "us-east-1";

/** The data directory that a command means: `--data`, `BIPLANE_DATA`, or the default. */
export function dataDirectoryOf({ arguments: { text }, environment }: Where): string {
  return resolveDataDirectory({ data: text("data") }, environment);
}

/** What is known about the cloud in the data directory. @throws StateFileInvalid */
export function findLocalCloud(where: Where): LocalCloud {
  const dataDirectory = dataDirectoryOf(where);
  return {
    dataDirectory,
    running: readEndpoints(dataDirectory).filter((found) => found.running),
    credentials: readCredentials(dataDirectory),
  };
}

/**
 * Finds the control API. In order: `--endpoint` with `BIPLANE_TOKEN`; the data directory, where one is named; `BIPLANE_API_URL` and `BIPLANE_TOKEN` as
 * `biplane env` sets them; the default data directory.
 *
 * @throws CodedError NOT_RUNNING, NO_CREDENTIALS, USAGE
 */
export function findApi(where: Where): ApiAccess {
  const { arguments: given, environment } = where;
  const endpoint = given.text("endpoint");
  if (endpoint !== undefined) return { url: checkedUrl(endpoint), token: tokenFrom(environment) };
  const fromEnvironment = environment.BIPLANE_API_URL ?? "";
  if (!namesDirectory(where) && fromEnvironment !== "") {
    return { url: checkedUrl(fromEnvironment, "BIPLANE_API_URL"), token: tokenFrom(environment) };
  }
  const { dataDirectory, running, credentials } = findLocalCloud(where);
  const url = running.find((found) => found.apiUrl !== undefined)?.apiUrl;
  if (url === undefined) throw notRunning(dataDirectory, "control plane", "biplane up");
  if (credentials === undefined) throw noCredentials(dataDirectory);
  return { url, token: credentials.apiToken };
}

/**
 * Finds the AWS endpoint. In order: `--endpoint` with `AWS_ACCESS_KEY_ID` and its companions; the data directory, where one is named; `AWS_ENDPOINT_URL` with
 * the same; the default data directory.
 *
 * @param service the service whose own variable (`AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL_DYNAMODB` …) comes before the common one
 * @throws CodedError NOT_RUNNING, NO_CREDENTIALS, USAGE
 */
export function findAws(where: Where, service: "S3" | "DYNAMODB" | "SQS" = "S3"): AwsAccess {
  const { arguments: given, environment } = where;
  const region = given.text("region");
  const endpoint = given.text("endpoint");
  if (endpoint !== undefined) return keysFrom(environment, checkedUrl(endpoint), region);
  const fromEnvironment = environment[`AWS_ENDPOINT_URL_${service}`] ?? environment.AWS_ENDPOINT_URL ?? "";
  if (!namesDirectory(where) && fromEnvironment !== "") {
    return keysFrom(environment, checkedUrl(fromEnvironment, "AWS_ENDPOINT_URL"), region);
  }
  const { dataDirectory, running, credentials } = findLocalCloud(where);
  const url = running.find((found) => found.awsEndpointUrl !== undefined)?.awsEndpointUrl;
  if (url === undefined) throw notRunning(dataDirectory, "data plane", "biplane up");
  if (credentials === undefined) throw noCredentials(dataDirectory);
  const { accessKeyId, secretAccessKey } = credentials;
  return { url, region: region ?? credentials.region, accessKeyId, secretAccessKey };
}

/** The account that a command means: `--account`, or the cloud's first. @throws CodedError USAGE */
export function accountOf(where: Where): string {
  const given = where.arguments.text("account") ?? where.environment.BIPLANE_ACCOUNT_ID;
  const account = given ?? readCredentials(dataDirectoryOf(where))?.accountId;
  if (account === undefined) throw usageError("Which account? Name it with --account.");
  if (!/^\d{12}$/.test(account))
    throw usageError(`An account id has twelve digits; "${account}" has not.`, "See biplane accounts list.");
  return account;
}

/** @param role what is missing @param command what starts it */
export function notRunning(dataDirectory: string, role: string, command: string) {
  return cliErrors.error("NOT_RUNNING", {
    message: `No ${role} runs from ${dataDirectory}. Start it with \`${command}\`, or name another one with --data or --endpoint.`,
    details: { dataDirectory },
  });
}

/** Whether the user has said which directory is meant. */
export function namesDirectory({ arguments: { text }, environment }: Where): boolean {
  return text("data") !== undefined || (environment[DATA_ENVIRONMENT_VARIABLE] ?? "") !== "";
}

function tokenFrom(environment: Where["environment"]): string {
  const token = environment.BIPLANE_TOKEN ?? "";
  if (token !== "") return token;
  throw cliErrors.error(
    "NO_CREDENTIALS",
    "Set BIPLANE_TOKEN to the token of the control API (`biplane env` on its machine shows it).",
  );
}

function keysFrom(environment: Where["environment"], url: string, region: string | undefined): AwsAccess {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId = "",
    AWS_SECRET_ACCESS_KEY: secretAccessKey = "",
    AWS_SESSION_TOKEN: sessionToken = "",
  } = environment;
  if (accessKeyId === "" || secretAccessKey === "") {
    throw cliErrors.error(
      "NO_CREDENTIALS",
      "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to a key of this cloud (`biplane env` shows them).",
    );
  }
  return {
    url,
    region: region ?? environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION ?? REGION_DEFAULT,
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === "" ? {} : { sessionToken }),
  };
}

function noCredentials(dataDirectory: string) {
  return cliErrors.error("NO_CREDENTIALS", {
    message: `${dataDirectory} holds no credentials: they are written by the control plane on its own machine.`,
    details: { dataDirectory },
  });
}

export function checkedUrl(text: string, name = "--endpoint"): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw usageError(`${name} must be an http or https URL, not "${text}".`);
  }
  if (url.pathname !== "/" || url.search !== "" || url.username !== "") {
    throw usageError(`${name} must be a URL without path, query and user name, not "${text}".`);
  }
  return url.origin;
}
