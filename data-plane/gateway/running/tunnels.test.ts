import { describe, expect, test } from "bun:test";
import type { DuplexOwner, RawDuplex } from "#foundation/http1";
import { systemClock, systemTimers } from "#foundation/runtime";
import { Tunnels } from "./tunnels.ts";

/** An end that keeps what it is sent. */
class End implements RawDuplex {
  readonly rest = Buffer.alloc(0);
  owner!: DuplexOwner;
  sent = "";
  state: "open" | "shut" | "ended" | "destroyed" = "open";
  takes = true;
  isPaused = false;

  start(owner: DuplexOwner): void {
    this.owner = owner;
  }
  says(text: string): void {
    this.owner.onBytes(Buffer.from(text, "latin1"));
  }
  write(bytes: Uint8Array): boolean {
    this.sent += Buffer.from(bytes).toString("latin1");
    return this.takes;
  }
  pause(): void {
    this.isPaused = true;
  }
  resume(): void {
    this.isPaused = false;
  }
  shutdown(): void {
    this.state = "shut";
  }
  end(): void {
    this.state = "ended";
  }
  destroy(): void {
    if (this.state !== "ended") this.state = "destroyed";
  }
  reset(): void {
    this.destroy();
  }
}

function joined() {
  const tunnels = new Tunnels({
    max: 1,
    clock: systemClock,
    timers: systemTimers,
    randomBytes: (length) => new Uint8Array(length),
  });
  const [client, upstream] = [new End(), new End()];
  const closed: number[] = [];
  tunnels.join(client, upstream, undefined, (bytes) => closed.push(bytes));
  return { tunnels, client, upstream, closed };
}

const TOLD = "\x88\x12\x03\xe9the gateway ends";
const MASKED_TOLD = "\x88\x92\0\0\0\0\x03\xe9the gateway ends";

describe("Tunnels", () => {
  test("say that they close behind the frame that is on its way, and pass nothing more", async () => {
    const { tunnels, client, upstream, closed } = joined();
    upstream.says("\x81\x0ahell");
    client.says("\x81\x80\0\0\0\0");
    const end = tunnels.close(60_000, systemTimers);
    expect([client.sent, upstream.sent]).toEqual(["\x81\x0ahell", `\x81\x80\0\0\0\0${MASKED_TOLD}`]);
    upstream.says("o worl\x81\x01x");
    expect(client.sent).toBe(`\x81\x0ahello worl${TOLD}`);
    upstream.says("\x88\x02\x03\xe9");
    expect([client.state, upstream.state]).toEqual(["open", "open"]);
    client.says("\x88\x82\0\0\0\0\x03\xe9");
    expect([client.state, upstream.state]).toEqual(["ended", "ended"]);
    client.owner.onClose();
    await end;
    expect(closed).toEqual([12]);
    expect(client.sent).toBe(`\x81\x0ahello worl${TOLD}`);
  });

  test("tell nothing more to an end that was told already by the other one", async () => {
    const { tunnels, client, upstream } = joined();
    client.says("\x88\x82\0\0\0\0\x03\xe8");
    const end = tunnels.close(60_000, systemTimers);
    expect(upstream.sent).toBe("\x88\x82\0\0\0\0\x03\xe8");
    expect(client.sent).toBe(TOLD);
    upstream.owner.onClose();
    await end;
    expect([client.state, upstream.state]).toEqual(["destroyed", "destroyed"]);
  });

  test("cut those that do not close in time", async () => {
    const { tunnels, client, upstream, closed } = joined();
    await tunnels.close(1, systemTimers);
    expect([client.state, upstream.state, closed.length]).toEqual(["destroyed", "destroyed", 1]);
    const other = joined();
    await other.tunnels.close(0, systemTimers);
    expect([other.client.sent, other.client.state]).toEqual([TOLD, "destroyed"]);
  });

  test("make an end wait for a slow one", () => {
    const { client, upstream } = joined();
    client.takes = false;
    upstream.says("\x81\x01x");
    expect(upstream.isPaused).toBe(true);
    client.owner.onDrain();
    expect(upstream.isPaused).toBe(false);
  });
});
