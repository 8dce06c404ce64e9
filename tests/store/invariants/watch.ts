/**
 * Watching the calls of a simulated cluster where they are answered: who is called by its own process is seen as well, and nothing of the program is changed.
 */
import type { Handlers, RpcNode } from "#foundation/rpc";

/** Where a call is answered. */
export interface Place {
  readonly machine: string;
  /** Of the instance of the service. */
  readonly id: string;
}

/** Looks at a request before it is handled, and at its reply; a failure is not looked at, since it promises nothing. */
export type Watch<S> = {
  readonly [M in keyof Handlers<S>]?: (
    request: Parameters<Handlers<S>[M]>[0],
    place: Place,
  ) => ((reply: Awaited<ReturnType<Handlers<S>[M]>>) => void) | undefined;
};

/** What is told of a machine. */
export interface Observer {
  /** The watch of a service; undefined for one that is not looked at. */
  watchOf(service: object): Readonly<Record<string, AnyWatch | undefined>> | undefined;
  /** Every call of a service that is looked at, before it is handled. */
  onCall(method: string, place: Place): void;
  onServe(service: object, place: Place): void;
  onEnd(place: Place): void;
}

type AnyWatch = (request: unknown, place: Place) => ((reply: unknown) => void) | undefined;
type AnyHandler = (request: unknown) => Promise<unknown>;

/** The same node, with an observer of all that it answers. */
export function watchedNode(node: RpcNode, machine: string, observer: Observer): RpcNode {
  return {
    address: node.address,
    client: (service, ref) => node.client(service, ref),
    close: () => node.close(),
    serve: (id, service, handlers) => {
      const place = { machine, id };
      const watch = observer.watchOf(service);
      const served = node.serve(
        id,
        service,
        watch === undefined ? handlers : watched(handlers, watch, place, observer),
      );
      observer.onServe(service, place);
      return {
        end: () => {
          served.end();
          observer.onEnd(place);
        },
      };
    },
  };
}

function watched<H>(
  handlers: H,
  watch: Readonly<Record<string, AnyWatch | undefined>>,
  place: Place,
  observer: Observer,
): H {
  const byName = handlers as Readonly<Record<string, AnyHandler>>;
  return new Proxy({} as typeof byName, {
    get: (_, name: string) => async (request: unknown) => {
      observer.onCall(name, place);
      const onReply = watch[name]?.(request, place);
      const reply = await byName[name]!(request);
      onReply?.(reply);
      return reply;
    },
  }) as H;
}
