/** `biplane login`, `biplane logout` */
import { hostname } from "node:os";
import { readLogins, removeLogin, writeLogin } from "#apps/biplane/state";
import { CodedError } from "#foundation/errors";
import { callPublicApi } from "../../cli/api-client.ts";
import type { CommandBody, CommandContext } from "../../cli/command.ts";
import { cliErrors } from "../../cli/errors.ts";
import { findLocalCloud, notRunning } from "../../cli/find-cloud.ts";
import { loginsFile, namedUrl, type TokenAnswer } from "../../cli/logins.ts";
import { printable } from "../../cli/terminal.ts";
import { printDone } from "../identity/listing.ts";
import { nameOf, whoIs } from "./whoami.ts";

/** RFC 8628 §3.2. */
interface StartedDevice {
  readonly device_code: string;
  readonly user_code: string;
  readonly verification_uri: string;
  readonly verification_uri_complete: string;
  readonly expires_in: number;
  readonly interval: number;
}

/** §3.5: by how much a device slows down that was too fast. */
const SLOW_DOWN_SECONDS = 5;

export const login: CommandBody = async (context) => {
  const { terminal, json, arguments: given } = context;
  const url = urlOf(context);
  const path = loginsFile(context);
  const scopes = given.text("scopes")?.split(",");
  const started = await callPublicApi<StartedDevice>(url, {
    method: "POST",
    path: "/v1/auth/device/start",
    body: {
      client_name: given.text("name") ?? `biplane on ${hostname()}`,
      ...(scopes === undefined ? {} : { scopes }),
    },
  });
  if (json) {
    terminal.json({
      verificationUrl: started.verification_uri,
      verificationUrlComplete: started.verification_uri_complete,
      userCode: started.user_code,
      expiresInSeconds: started.expires_in,
    });
  } else {
    terminal.line(`Open   ${printable(started.verification_uri_complete)}`);
    terminal.line(`and check that it shows this code:   ${terminal.tone("bold", printable(started.user_code))}`);
    terminal.note("Waiting …");
  }
  const tokens = await untilLetIn(url, started, context);
  const { access_token: accessToken, refresh_token: refreshToken } = tokens;
  writeLogin(path, url, { accessToken, refreshToken });
  const who = await whoIs({ url, token: accessToken });
  return printDone(context, { endpoint: url, ...who }, `Signed in at ${url} as ${nameOf(who)}.`);
};

export const logout: CommandBody = async (context) => {
  const path = loginsFile(context);
  const { current, logins } = readLogins(path);
  const url = namedUrl(context) ?? current;
  const known = url === undefined ? undefined : logins.get(url);
  if (url === undefined || known === undefined) throw cliErrors.error("NO_CREDENTIALS", "Nobody is signed in there.");
  try {
    const revocation = { method: "POST", path: "/v1/auth/token/revoke", body: { token: known.refreshToken } } as const;
    await callPublicApi(url, revocation);
  } catch (error) {
    // The tokens are forgotten here in any case; the other side must be told later.
    const why = error instanceof Error ? error.message : String(error);
    context.terminal.note(
      `The session could not be ended at ${url} (${why}). End it from another device: biplane sessions`,
    );
  }
  removeLogin(path, url);
  return printDone(context, { endpoint: url, signedOut: true }, `Signed out at ${url}.`);
};

/** `--endpoint`, `BIPLANE_API_URL`, the cloud that runs here, or where one was signed in last. */
function urlOf(context: CommandContext): string {
  const named = namedUrl(context);
  if (named !== undefined) return named;
  const { dataDirectory, running } = findLocalCloud(context);
  const url = running.find((found) => found.apiUrl !== undefined)?.apiUrl;
  const last = url ?? readLogins(loginsFile(context)).current;
  if (last !== undefined) return last;
  throw notRunning(dataDirectory, "control plane", "biplane up");
}

/** Polls until somebody has answered. @throws CodedError when that is no, or nobody did */
async function untilLetIn(url: string, started: StartedDevice, { signal }: CommandContext): Promise<TokenAnswer> {
  let seconds = started.interval;
  for (;;) {
    await pause(seconds * 1000, signal);
    try {
      return await callPublicApi<TokenAnswer>(url, {
        method: "POST",
        path: "/v1/auth/device/token",
        body: { device_code: started.device_code },
        signal,
      });
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      if (error.code === "slow_down") seconds += SLOW_DOWN_SECONDS;
      else if (error.code === "access_denied" || error.code === "expired_token") {
        throw cliErrors.error("NO_CREDENTIALS", error.message);
      } else if (error.code !== "authorization_pending" && error.code !== "TOO_MANY_REQUESTS") throw error;
    }
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  signal.addEventListener("abort", () => resolve(), { once: true });
  return promise.finally(() => clearTimeout(timer));
}
