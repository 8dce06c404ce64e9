/** A client that sends exactly the bytes a test wants and shows exactly the bytes it got. */

import { connect, type Socket } from "node:net";

export interface RawClient {
  readonly socket: Socket;
  /** Everything received so far, as Latin-1. */
  readonly received: () => string;
  send(text: string | Uint8Array): void;
  /** Resolves when the received text satisfies `check`; rejects when the connection closes first. */
  until(check: (received: string) => boolean): Promise<string>;
  /** Resolves with everything received when the server has closed the connection. */
  closed(): Promise<string>;
  destroy(): void;
}

export async function rawClient(port: number): Promise<RawClient> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  let text = "";
  let ended = false;
  let watchers: (() => void)[] = [];
  const changed = (): void => {
    const due = watchers;
    watchers = [];
    for (const watcher of due) watcher();
  };
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
    changed();
  });
  socket.on("error", () => {});
  const over = (): void => {
    ended = true;
    changed();
  };
  socket.on("end", over);
  socket.on("close", over);
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", () => resolve());
    socket.once("error", reject);
  });
  const wait = async (done: () => boolean, orClosed: boolean): Promise<string> => {
    while (!done()) {
      if (ended) {
        if (orClosed) return text;
        throw new Error(`The connection closed after ${JSON.stringify(text)}`);
      }
      await new Promise<void>((resolve) => watchers.push(resolve));
    }
    return text;
  };
  return {
    socket,
    received: () => text,
    send: (data) => {
      socket.write(typeof data === "string" ? Buffer.from(data, "latin1") : data);
    },
    until: (check) => wait(() => check(text), false),
    closed: () => wait(() => ended, true),
    destroy: () => socket.destroy(),
  };
}

/** Sends `text` on a fresh connection and resolves with what came back until the server closed or an answer with `content-length` is whole. */
export async function rawExchange(port: number, text: string): Promise<string> {
  const client = await rawClient(port);
  client.send(text);
  try {
    return await Promise.race([client.closed(), client.until(isWhole)]);
  } finally {
    client.destroy();
  }
}

function isWhole(received: string): boolean {
  const end = received.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const length = /\r\ncontent-length: (\d+)/i.exec(received.slice(0, end));
  return length !== null && received.length >= end + 4 + Number(length[1]);
}
