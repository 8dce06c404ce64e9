/** As whom a command speaks to the control API: as the person who has signed in, or as the operator. */
import { loginsPath, readLogins, removeLogin, writeLogin } from "#apps/biplane/state";
import { acquireProcessLock, errorCode, type ProcessLock } from "#foundation/sql";
import { callPublicApi } from "./api-client.ts";
import { cliErrors } from "./errors.ts";
import { type ApiAccess, checkedUrl, findApi, findLocalCloud, namesDirectory, type Where } from "./find-cloud.ts";

/** The answer of the token endpoint (RFC 6749 §5.1). */
export interface TokenAnswer {
  readonly access_token: string;
  readonly refresh_token: string;
}

const LOCK_WAIT_MS = 10_000;
const LOCK_PAUSE_MS = 20;

/**
 * Finds the control API and a token for commands about people and orgs. In order: `--data` means the operator of that cloud; `BIPLANE_TOKEN`, unless it is an operator's; the login at
 * `--endpoint`, at the cloud in `BIPLANE_DATA` or at `BIPLANE_API_URL`, or else the last one; and then the operator, as for all commands.
 *
 * @throws CodedError NOT_RUNNING, NO_CREDENTIALS, USAGE
 */
export function findPerson(where: Where): ApiAccess {
  const { arguments: given, environment } = where;
  if (given.text("data") !== undefined) return findApi(where);
  const path = loginsPath(environment);
  const { current, logins } = readLogins(path);
  const named = namedUrl(where);
  const token = environment.BIPLANE_TOKEN ?? "";
  if (named !== undefined && token !== "" && !token.startsWith("bpa_")) return findApi(where);
  const url = named ?? current;
  const login = url === undefined ? undefined : logins.get(url);
  if (path !== undefined && url !== undefined && login !== undefined) {
    return { url, token: login.accessToken, renew: () => renew(path, url, login.accessToken) };
  }
  if (given.text("endpoint") !== undefined && token === "") {
    throw cliErrors.error("NO_CREDENTIALS", `Nobody is signed in there. Sign in: biplane login --endpoint ${url}`);
  }
  return findApi(where);
}

/** The address that `--endpoint`, `BIPLANE_DATA` or `BIPLANE_API_URL` names. @throws CodedError USAGE */
export function namedUrl(where: Where): string | undefined {
  const { arguments: given, environment } = where;
  const endpoint = given.text("endpoint");
  if (endpoint !== undefined) return checkedUrl(endpoint);
  if (namesDirectory(where)) return findLocalCloud(where).running.find((found) => found.apiUrl !== undefined)?.apiUrl;
  const fromEnvironment = environment.BIPLANE_API_URL ?? "";
  return fromEnvironment === "" ? undefined : checkedUrl(fromEnvironment, "BIPLANE_API_URL");
}

/** The file of logins. @throws CodedError USAGE without a home */
export function loginsFile({ environment }: Where): string {
  const path = loginsPath(environment);
  if (path !== undefined) return path;
  throw cliErrors.error("USAGE", "HOME is not set: there is nowhere to keep the login. Set XDG_CONFIG_HOME.");
}

/**
 * Gets new tokens. A refresh token is good once, and using it twice ends the session: so one process at a time does this, and whoever comes second finds the tokens that the first has got.
 *
 * @param expired the access token that does not do any more
 */
async function renew(path: string, url: string, expired: string): Promise<string> {
  const lock = await lockOf(`${path}.lock`);
  try {
    const login = readLogins(path).logins.get(url);
    if (login === undefined) throw signedOut(url);
    if (login.accessToken !== expired) return login.accessToken;
    const answer = await refresh(url, login.refreshToken);
    if (answer === undefined) {
      removeLogin(path, url);
      throw signedOut(url);
    }
    const { access_token: accessToken, refresh_token: refreshToken } = answer;
    writeLogin(path, url, { accessToken, refreshToken }, false);
    return accessToken;
  } finally {
    lock.release();
  }
}

/** New tokens; undefined when the session has ended. */
async function refresh(url: string, refreshToken: string): Promise<TokenAnswer | undefined> {
  const call = {
    method: "POST",
    path: "/v1/auth/token/refresh",
    body: { refresh_token: refreshToken },
    // Repeated under the same key it is no second use.
    headers: [["idempotency-key", crypto.randomUUID()]],
  } as const;
  const once = () => callPublicApi<TokenAnswer>(url, call);
  try {
    return await once().catch((error: unknown) => {
      if (error instanceof Error && error.name === "HttpCallError") return once();
      throw error;
    });
  } catch (error) {
    if (errorCode(error) === "invalid_grant") return undefined;
    throw error;
  }
}

async function lockOf(path: string): Promise<ProcessLock> {
  const begun = performance.now();
  for (;;) {
    try {
      return acquireProcessLock(path);
    } catch (error) {
      if (errorCode(error) !== "Locked" || performance.now() - begun > LOCK_WAIT_MS) throw error;
      await Bun.sleep(LOCK_PAUSE_MS);
    }
  }
}

function signedOut(url: string) {
  return cliErrors.error(
    "NO_CREDENTIALS",
    `Your session there has ended. Sign in again: biplane login --endpoint ${url}`,
  );
}
