/** Where somebody has signed in with `biplane login`: of the user, not of a cloud's data directory. */
import { isAbsolute, join } from "node:path";
import { memberReader, readStateFile, StateFileInvalid, writeStateFile } from "./state-file.ts";

/** The tokens of one cloud. */
export interface Login {
  readonly accessToken: string;
  readonly refreshToken: string;
}

/** All of them. */
export interface Logins {
  /** The address of the control API that was signed in at last. */
  readonly current: string | undefined;
  /** By address, `http://127.0.0.1:4580`. */
  readonly logins: ReadonlyMap<string, Login>;
}

const NONE: Logins = { current: undefined, logins: new Map() };

/** XDG Base Directory Specification. Undefined without a home. */
export function loginsPath(environment: Readonly<Record<string, string | undefined>>): string | undefined {
  const { XDG_CONFIG_HOME: config = "", HOME: home = "" } = environment;
  if (isAbsolute(config)) return join(config, "biplane", "credentials.json");
  return isAbsolute(home) ? join(home, ".config", "biplane", "credentials.json") : undefined;
}

/** @throws StateFileInvalid when the file cannot be read or understood */
export function readLogins(path: string | undefined): Logins {
  const object = path === undefined ? undefined : readStateFile(path);
  if (path === undefined || object === undefined) return NONE;
  const { current, logins } = object;
  const wellFormed = typeof logins === "object" && logins !== null && !Array.isArray(logins);
  if (!wellFormed || (current !== undefined && typeof current !== "string")) {
    throw new StateFileInvalid(path, "is not one that biplane login has written");
  }
  const entries = Object.entries(logins).map(([url, login]) => {
    const read = memberReader(path, login as Readonly<Record<string, unknown>>);
    return [url, { accessToken: read.text("accessToken"), refreshToken: read.text("refreshToken") }] as const;
  });
  return { current, logins: new Map(entries) };
}

/** Adds or replaces a login, and makes it the current one. */
export function writeLogin(path: string, url: string, login: Login, current = true): void {
  const before = readLogins(path);
  const logins = new Map(before.logins).set(url, login);
  writeStateFile(path, { current: current ? url : before.current, logins: Object.fromEntries(logins) });
}

/** Forgets a login. */
export function removeLogin(path: string, url: string): void {
  const before = readLogins(path);
  const logins = new Map(before.logins);
  if (!logins.delete(url)) return;
  const current = before.current === url ? logins.keys().next().value : before.current;
  writeStateFile(path, { ...(current === undefined ? {} : { current }), logins: Object.fromEntries(logins) });
}
