/** `biplane exec` */
import { EXEC_FRAME, type ExecControl, type ExecExitMessage } from "#contracts";
import { EXIT } from "#foundation/errors";
import { connectWebSocket } from "#foundation/http";
import { changeByApi } from "../../cli/api-client.ts";
import type { CommandBody } from "../../cli/command.ts";
import { cliErrors, usageError } from "../../cli/errors.ts";
import { printable } from "../../cli/terminal.ts";
import type { Instance } from "./shapes.ts";
import { allItems, type EnvTarget, findEnv } from "./target.ts";

interface Grant {
  readonly connect_url: string;
  readonly session_token: string;
}

/** `biplane exec [PROCESS|INSTANCE] COMMAND…`; the command's own exit code. */
export const exec: CommandBody = async (context) => {
  const target = await findEnv(context);
  const { arguments: given, terminal } = context;
  const named = given.text("instance") ?? given.text("process");
  const command = given.positionals;
  if (command.length === 0) throw usageError("What shall be run?", "biplane exec -- sh");
  const instance = await instanceNamed(target, named);
  const tty =
    given.has("tty") || (process.stdin.isTTY === true && process.stdout.isTTY === true && !given.has("no-tty"));
  if (terminal.progress) terminal.note(terminal.tone("dim", `${instance.process_type} ${instance.id}`));
  const grant = await changeByApi<Grant>(target.access, "POST", `${target.envPath}/instances/${instance.id}/exec`, {
    command,
    tty,
  });
  return connect(target.access.url, grant, tty);
};

async function instanceNamed({ access, envPath }: EnvTarget, named: string | undefined): Promise<Instance> {
  const instances = await allItems<Instance>(access, `${envPath}/instances`);
  const running = instances.filter(
    ({ status, desired_state: wanted }) => wanted === "running" && ["ready", "unready", "starting"].includes(status),
  );
  const found = running.find(
    ({ id, process_type: type }) => named === undefined || id === named || id.endsWith(named) || type === named,
  );
  if (found !== undefined) return found;
  throw cliErrors.error(
    "NOT_FOUND",
    named === undefined ? "No instance is running here." : `No running instance is called ${printable(named)}.`,
  );
}

async function connect(url: string, grant: Grant, tty: boolean): Promise<number> {
  const socketUrl = new URL(grant.connect_url, url);
  socketUrl.protocol = socketUrl.protocol === "https:" ? "wss:" : "ws:";
  const socket = await connectWebSocket({
    url: socketUrl.href,
    headers: [["authorization", `Bearer ${grant.session_token}`]],
    timeoutMs: 15_000,
  });
  const send = (kind: number, body: Uint8Array): void => {
    const frame = new Uint8Array(body.length + 1);
    frame[0] = kind;
    frame.set(body, 1);
    socket.send(frame);
  };
  const control = (message: ExecControl): void => send(EXEC_FRAME.control, Buffer.from(JSON.stringify(message)));
  const resize = (): void => {
    const { columns, rows } = process.stdout;
    if (tty && columns !== undefined && rows !== undefined) control({ type: "resize", columns, rows });
  };
  const raw = tty && process.stdin.isTTY === true;
  if (raw) process.stdin.setRawMode(true);
  process.stdin.on("data", (bytes: Buffer) => send(EXEC_FRAME.stdin, bytes));
  process.stdin.on("end", () => send(EXEC_FRAME.stdin, new Uint8Array(0)));
  process.stdout.on("resize", resize);
  resize();
  let exit: ExecExitMessage | undefined;
  return new Promise((resolve) => {
    socket.onMessage((message) => {
      if (typeof message === "string") return;
      const body = message.subarray(1);
      if (message[0] === EXEC_FRAME.stdout) process.stdout.write(body);
      else if (message[0] === EXEC_FRAME.stderr) process.stderr.write(body);
      else if (message[0] === EXEC_FRAME.exit) exit = JSON.parse(new TextDecoder().decode(body)) as ExecExitMessage;
    });
    socket.onClose(() => {
      if (raw) process.stdin.setRawMode(false);
      process.stdin.pause();
      if (exit === undefined) process.stderr.write("The connection was lost.\n");
      else if (exit.message !== undefined) process.stderr.write(`${printable(exit.message)}\n`);
      resolve(exit?.exit_code ?? EXIT.transient);
    });
  });
}
