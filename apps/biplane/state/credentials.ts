/** The keys of this cloud's first account and of its API, as written at the first start. */

import { join } from "node:path";
import { memberReader, readStateFile, writeStateFile } from "./state-file.ts";

/** Everything that opens this cloud. Shown by `biplane env`; never logged. */
export interface Credentials {
  /** Root access key of the first account. */
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Twelve digits. */
  readonly accountId: string;
  readonly region: string;
  /** Bearer token of the REST API's root. */
  readonly apiToken: string;
  /** Bearer token with which data planes join. */
  readonly joinToken: string;
}

export function credentialsPath(dataDirectory: string): string {
  return join(dataDirectory, "credentials.json");
}

/**
 * The credentials, or undefined when the cloud was never started here.
 * @throws StateFileInvalid when the file cannot be read or understood.
 */
export function readCredentials(dataDirectory: string): Credentials | undefined {
  const path = credentialsPath(dataDirectory);
  const object = readStateFile(path);
  if (object === undefined) return undefined;
  const read = memberReader(path, object);
  return Object.freeze({
    accessKeyId: read.text("accessKeyId"),
    secretAccessKey: read.text("secretAccessKey"),
    accountId: read.text("accountId"),
    region: read.text("region"),
    apiToken: read.text("apiToken"),
    joinToken: read.text("joinToken"),
  });
}

/** Writes the credentials atomically and durably, mode 0600. */
export function writeCredentials(dataDirectory: string, credentials: Credentials): void {
  writeStateFile(credentialsPath(dataDirectory), credentials);
}
