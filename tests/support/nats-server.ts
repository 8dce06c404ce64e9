/** A NATS server as a process of its own, where one is installed. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { skipUnless } from "./skips.ts";
import { until } from "./until.ts";

const program = Bun.which("nats-server", { PATH: `${process.env.PATH}:/usr/sbin` });

/** `test` where a server is installed; a named skip elsewhere. */
export const natsTest = skipUnless(program !== null, "nats-server is not installed");

export interface NatsProcess {
  readonly port: number;
  /** Sends it a signal: `SIGUSR2` is "lame duck". */
  signal(name: NodeJS.Signals): void;
  /** Ends at once. */
  kill(): Promise<void>;
}

/** Resolves when it takes connections. @param config in its own language @param port default: a free one */
export async function startNats(config = "", port = -1): Promise<NatsProcess> {
  const folder = mkdtempSync(join(tmpdir(), "biplane-nats-"));
  const file = join(folder, "nats.conf");
  writeFileSync(file, config);
  const options = ["-c", file, "-a", "127.0.0.1", "-p", String(port), "-sd", folder, "--ports_file_dir", folder];
  const child = Bun.spawn([program!, ...options], { stdin: "ignore", stdout: "ignore", stderr: "pipe" });
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const portsFile = join(folder, `nats-server_${child.pid}.ports`);
  let place: number | undefined;
  try {
    await until("the NATS server takes connections", () => {
      if (child.exitCode !== null) throw new Error("the NATS server has ended");
      try {
        const { nats } = JSON.parse(readFileSync(portsFile, "utf8")) as { readonly nats: readonly string[] };
        place = Number(new URL(nats[0]!).port);
      } catch {
        return false;
      }
      return true;
    });
  } catch (error) {
    child.kill("SIGKILL");
    const said = await new Response(child.stderr).text();
    remove();
    throw new Error(`the NATS server does not start: ${said}`, { cause: error });
  }
  return {
    port: place!,
    signal: (name) => child.kill(name),
    async kill() {
      child.kill("SIGKILL");
      await child.exited;
      remove();
    },
  };
}

/** What is published to a subject from now on, as an independent reader of the protocol sees it: headers and payload as text. */
export interface NatsListener {
  readonly heard: readonly { readonly subject: string; readonly headers: string; readonly payload: string }[];
  close(): void;
}

/** Resolves when the server has taken the subscription. @param login members of CONNECT */
export async function listenToNats(port: number, subject: string, login: object = {}): Promise<NatsListener> {
  const heard: { subject: string; headers: string; payload: string }[] = [];
  const ready = Promise.withResolvers<void>();
  let text = Buffer.alloc(0);
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      data(socket, bytes) {
        text = Buffer.concat([text, bytes]);
        for (;;) {
          const end = text.indexOf("\r\n");
          if (end === -1) return;
          const [word = "", ...rest] = text.toString("utf8", 0, end).split(" ");
          let next = end + 2;
          if (word === "MSG" || word === "HMSG") {
            const total = Number(rest.at(-1));
            const headers = word === "HMSG" ? Number(rest.at(-2)) : 0;
            if (text.length < next + total + 2) return;
            heard.push({
              subject: rest[0]!,
              headers: text.toString("utf8", next, next + headers),
              payload: text.toString("utf8", next + headers, next + total),
            });
            next += total + 2;
          } else if (word === "PONG") ready.resolve();
          else if (word === "PING") socket.write("PONG\r\n");
          else if (word === "-ERR") ready.reject(new Error(rest.join(" ")));
          text = text.subarray(next);
        }
      },
    },
  });
  socket.write(
    `CONNECT ${JSON.stringify({ verbose: false, headers: true, ...login })}\r\nSUB ${subject} 1\r\nPING\r\n`,
  );
  await ready.promise;
  return { heard, close: () => socket.end() };
}

/** A stream (JetStream) that keeps in memory what is published to a subject. Resolves when it is there. */
export async function makeStream(port: number, name: string, subject: string, more: object = {}): Promise<void> {
  const inbox = `_INBOX.${crypto.randomUUID().replaceAll("-", "")}`;
  const listener = await listenToNats(port, inbox);
  const config = JSON.stringify({ name, subjects: [subject], storage: "memory", ...more });
  const socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } });
  socket.write(
    `CONNECT {"verbose":false}\r\nPUB $JS.API.STREAM.CREATE.${name} ${inbox} ${config.length}\r\n${config}\r\n`,
  );
  await until("the stream is there", () => listener.heard.length > 0);
  socket.end();
  listener.close();
  const { payload } = listener.heard[0]!;
  if ((JSON.parse(payload) as { readonly error?: unknown }).error !== undefined) throw new Error(payload);
}
