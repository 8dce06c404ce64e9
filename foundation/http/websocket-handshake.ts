/** The opening handshake (RFC 6455 §4), both sides. Pure. */

import { createHash } from "node:crypto";
import { assertSafeHeader } from "./headers.ts";
import type { HeaderList, HeaderView } from "./message.ts";

/** RFC 6455 §1.3. */
const ACCEPT_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/** Sixteen bytes in base64. */
const KEY = /^[A-Za-z0-9+/]{22}==$/;

/** The `Sec-WebSocket-Accept` that answers a `Sec-WebSocket-Key`. */
export function acceptKey(key: string): string {
  return createHash("sha1")
    .update(key + ACCEPT_GUID)
    .digest("base64");
}

/** Whether a comma-separated header holds a token, in any case. */
export function hasToken(value: string | undefined, token: string): boolean {
  return value?.split(",").some((part) => part.trim().toLowerCase() === token) ?? false;
}

export type HandshakeCheck =
  | { readonly ok: true; readonly key: string; readonly protocols: readonly string[] }
  | { readonly ok: false; readonly status: number; readonly reason: string };

/** Checks the client's half (RFC 6455 §4.2.1). */
export function checkHandshake(method: string, headers: HeaderView): HandshakeCheck {
  if (!hasToken(headers.get("upgrade"), "websocket") || !hasToken(headers.get("connection"), "upgrade")) {
    return { ok: false, status: 400, reason: "Only upgrades to websocket are understood." };
  }
  if (method !== "GET") return { ok: false, status: 405, reason: "A WebSocket handshake is a GET." };
  if (headers.get("sec-websocket-version") !== "13") {
    return { ok: false, status: 426, reason: "Sec-WebSocket-Version must be 13." };
  }
  const key = headers.get("sec-websocket-key");
  if (key === undefined || !KEY.test(key)) {
    return { ok: false, status: 400, reason: "Sec-WebSocket-Key must be 16 bytes in base64." };
  }
  const protocols =
    headers
      .get("sec-websocket-protocol")
      ?.split(",")
      .map((name) => name.trim()) ?? [];
  return { ok: true, key, protocols };
}

/** The server's half as bytes. @throws UnsafeHeader */
export function switchingProtocols(key: string, protocol: string | undefined, headers: HeaderList): string {
  let head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
  head += `Sec-WebSocket-Accept: ${acceptKey(key)}\r\n`;
  const all: HeaderList = protocol === undefined ? headers : [["Sec-WebSocket-Protocol", protocol], ...headers];
  for (const [name, value] of all) {
    assertSafeHeader(name, value);
    head += `${name}: ${value}\r\n`;
  }
  return `${head}\r\n`;
}
