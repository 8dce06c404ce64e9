/** Documents of identity providers: small, soon here, from exactly the address that was asked. */
import { HttpCallError, httpRequest } from "#foundation/http";
import type { Timers } from "#foundation/runtime";
import { idpCommunicationError, noVerificationKey } from "../errors.ts";

/** From asking to the last byte. */
const PATIENCE_MS = 5_000;
/** Large providers publish some 20 KB of keys. */
const BYTES_MAX = 256 * 1024;

/** @throws AwsError IDPCommunicationError when the provider cannot be reached now, InvalidIdentityToken when its answer is not to be used */
export type FetchDocument = (url: string) => Promise<unknown>;

/** Redirects are not followed: they could lead anywhere. */
export const fetchDocuments =
  (timers: Timers): FetchDocument =>
  async (url) => {
    const patience = new AbortController();
    const timer = timers.after(PATIENCE_MS, () =>
      patience.abort(new Error(`${url} took longer than ${PATIENCE_MS} ms`)),
    );
    try {
      const reply = await httpRequest({
        url,
        headers: [["Accept", "application/json"]],
        timeoutMs: PATIENCE_MS,
        signal: patience.signal,
      });
      if (reply.status !== 200) {
        await reply.discard();
        const problem = new Error(`${url} answered ${reply.status}`);
        throw reply.status >= 500 ? idpCommunicationError(problem) : noVerificationKey(problem);
      }
      return parsed(await reply.text(BYTES_MAX));
    } catch (error) {
      if (!(error instanceof HttpCallError)) throw error;
      throw error.failure === "tooLarge" ? noVerificationKey(error) : idpCommunicationError(error);
    } finally {
      timer.cancel();
    }
  };

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw noVerificationKey(error);
  }
}

/**
 * Whether a provider may be asked at this address. Who registers providers administers an account and not the machine: elsewhere a server must show that it has the name of the address (TLS), so that
 * nothing inside the network is asked that does not mean to be; on this machine nothing is asked but what was registered, the provider itself.
 *
 * @param issuer what was registered
 */
export function mayFetch(address: string, issuer: string): boolean {
  const url = URL.parse(address);
  if (url === null || url.username !== "" || url.password !== "") return false;
  if (isLoopback(url)) return url.origin === URL.parse(issuer)?.origin && /^https?:$/.test(url.protocol);
  return url.protocol === "https:";
}

/** RFC 6761 §6.3: `localhost` and names below it; RFC 1122 §3.2.1.3; RFC 4291 §2.5.3. Unspecified addresses lead here too. `URL` has brought all spellings to one. */
function isLoopback({ hostname }: URL): boolean {
  const name = hostname.replace(/\.$/, "");
  return name === "localhost" || name.endsWith(".localhost") || LOOPBACK_ADDRESS.test(name);
}

const LOOPBACK_ADDRESS = /^(127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[::1?\]|\[::ffff:(7f[0-9a-f]{2}:[0-9a-f]+|0:0)\])$/;
