/**
 * A network for fakes: calls take a little virtual time, go through their codecs, and fail as a test wants.
 */
import { type Codec, decode, encode } from "#foundation/binary";
import { type CallOptions, RpcError } from "#foundation/rpc";
import { sleep, type Timers } from "#foundation/runtime";
import type { ClientOf } from "../recovery-view.ts";

/** What becomes of a call: nothing of it arrives; its reply is lost; neither it nor anything of it is ever heard of. */
export type CallFault = "refuse" | "lose_reply" | "hang";

export interface FakeCall {
  readonly caller: string;
  readonly method: string;
  readonly address: string;
  readonly id: string;
  readonly request: unknown;
}

// biome-ignore lint/suspicious/noExplicitAny: handlers of any service; each is checked where it is made
export type AnyHandlers = Readonly<Record<string, (request: any) => Promise<unknown>>>;

/** A machine, as the network sees it. */
export interface FakeMachine {
  state: "up" | "dead" | "paused";
  readonly services: Map<string, AnyHandlers>;
}

const LATENCY_MS = 1;
/** How long who gives no time waits for a machine that answers nothing. */
const SILENCE_MS = 1000;

export class FakeNetwork {
  readonly machines = new Map<string, FakeMachine>();
  /** Judges each call before it is made. */
  fault: (call: FakeCall) => CallFault | undefined = () => undefined;
  /** How much longer a call takes on its way. */
  delayMs: (call: FakeCall) => number = () => 0;
  /** Hears of each call once its effect is there. */
  onEffect: (call: FakeCall) => void = () => undefined;

  constructor(private readonly timers: Timers) {}

  clientsOf(caller: string): ClientOf {
    const send = this.call.bind(this);
    return <S extends Readonly<Record<string, unknown>>>(service: S, ref: { address: string; id: string }) =>
      new Proxy(
        {},
        {
          get: (_, method: string) => (request: unknown, options?: CallOptions) =>
            send(service, { caller, method, ...ref, request }, options),
        },
      ) as never;
  }

  private async call(
    service: Readonly<Record<string, unknown>>,
    call: FakeCall,
    options: CallOptions | undefined,
  ): Promise<unknown> {
    const codecs = service[call.method] as { readonly request: Codec<unknown>; readonly reply: Codec<unknown> };
    // What the director says has to be what its codecs can write; among fakes that would only take time.
    const coded = call.caller === "director";
    const bytes = coded ? encode(codecs.request, call.request) : undefined;
    const fault = this.fault(call);
    await sleep(this.timers, LATENCY_MS + this.delayMs(call));
    const silence = async (): Promise<never> => {
      await sleep(this.timers, options?.timeoutMs ?? SILENCE_MS);
      throw new RpcError("timed_out", `${call.address} does not answer`);
    };
    if (fault === "hang") return await silence();
    const machine = this.machines.get(call.address);
    if (fault === "refuse" || machine === undefined || machine.state === "dead") throw unreachable(call);
    if (machine.state === "paused") return await silence();
    const handlers = machine.services.get(call.id);
    if (handlers === undefined) throw new RpcError("no_such_component", `${call.id} is not at ${call.address}`);
    const reply = await handlers[call.method]!(bytes === undefined ? call.request : decode(codecs.request, bytes));
    this.onEffect(call);
    await sleep(this.timers, LATENCY_MS);
    if (fault === "lose_reply" || this.machines.get(call.address)!.state === "dead") throw unreachable(call);
    if (options?.signal?.aborted) throw new RpcError("cancelled", "the caller has given up");
    return coded ? decode(codecs.reply, encode(codecs.reply, reply)) : reply;
  }
}

function unreachable({ address }: FakeCall): RpcError {
  return new RpcError("unreachable", `${address} cannot be reached`);
}
