/** Where a fleet's control plane is: one URL, and what is below it. */
import { GATEWAY_FLEET_PATH } from "#contracts";

export interface FleetAddress {
  /** The WebSocket, `ws:` or `wss:`. */
  readonly socketUrl: string;
  /**
   * The URL of something below the control plane's.
   * @throws TypeError for a path that leads elsewhere
   */
  below(path: string): string;
}

const TO_HTTP: Readonly<Record<string, string>> = {
  "http:": "http:",
  "https:": "https:",
  "ws:": "http:",
  "wss:": "https:",
};

/**
 * Reads `http(s)://host[:port][/prefix]`, or the same with `ws(s)`; the path of the WebSocket itself may be there already.
 *
 * @throws TypeError for anything else; the message names no part that may be secret
 * @example
 * fleetAddress("https://ops.example/gateways").socketUrl; // "wss://ops.example/gateways/ws/data-plane"
 */
export function fleetAddress(text: string): FleetAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const protocol = url === undefined ? undefined : TO_HTTP[url.protocol];
  if (url === undefined || protocol === undefined)
    throw new TypeError("the control plane's URL must be http:, https:, ws: or wss:");
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "")
    throw new TypeError("the control plane's URL has a host and a path, and nothing besides");
  let prefix = url.pathname.replace(/\/+$/, "");
  if (prefix.endsWith(GATEWAY_FLEET_PATH)) prefix = prefix.slice(0, -GATEWAY_FLEET_PATH.length);
  const origin = `${protocol}//${url.host}`;
  return {
    socketUrl: `${protocol === "https:" ? "wss:" : "ws:"}//${url.host}${prefix}${GATEWAY_FLEET_PATH}`,
    below(path) {
      // The key goes with the request: a path must not be able to name another host, nor to climb out.
      const target = path.startsWith("/") ? new URL(origin + prefix + path) : undefined;
      if (target === undefined || target.host !== url.host || !target.pathname.startsWith(`${prefix}/`))
        throw new TypeError(`${JSON.stringify(path)} is no path below the control plane's URL`);
      return target.href;
    },
  };
}
