/**
 * A proxy of the client and the server of `foundation/http1`, as a process of its own: `front.ts <upstream port>`. Prints its port.
 *
 * It does what the engine of `foundation/proxy` does for each request: fields of one hop left out, `X-Forwarded-*` written anew, bodies passed on in both directions at
 * the pace of both ends. It has no routes and tries nothing twice.
 */
import {
  type ClientExchange,
  ClientPool,
  type ExchangeListener,
  type Fields,
  type MessageBody,
  type Origin,
  PreparedFields,
  type ReceivedResponse,
  type ServerExchange,
  serve,
} from "#foundation/http1";

const origin: Origin = { address: { kind: "tcp", host: "127.0.0.1", port: Number(process.argv[2]) } };
const pool = new ClientPool();
const server = await serve({ port: 0, onExchange: pass });
console.log(server.port);

function pass(exchange: ServerExchange): void {
  new Passing(exchange);
}

/** One request on its way: to the upstream, and back. */
class Passing implements ExchangeListener {
  readonly #exchange: ServerExchange;
  readonly #body: MessageBody | undefined;

  constructor(exchange: ServerExchange) {
    const { head } = exchange;
    this.#exchange = exchange;
    this.#body = head.hasBody ? exchange.body : undefined;
    const whole = this.#body === undefined ? null : this.#body.whole;
    const asked = pool.request(
      origin,
      {
        method: head.method,
        target: head.target,
        host: head.host,
        received: { fields: head.fields, isDropped: tellsOfClient },
        fields: ["X-Forwarded-Host", head.host],
        prepared: forwardedFields(exchange),
        body: whole ?? null,
        stream: whole === undefined ? { length: head.contentLength } : undefined,
        expectContinue: whole === undefined && head.expectsContinue,
      },
      this,
    );
    exchange.onGone = () => asked.abort();
  }

  onResponse({ head, body }: ClientExchange): void {
    const exchange = this.#exchange;
    const answered = { status: head.status, reason: head.reason, received: { fields: head.fields } };
    const { whole } = body;
    if (whole !== undefined) {
      exchange.begin(answered, lengthOf(head, exchange.head.method) ?? whole.length, whole);
      exchange.end();
      return;
    }
    exchange.begin(answered, head.contentLength);
    exchange.onDrain = () => body.resume();
    body.read({
      onData: (bytes) => {
        if (!exchange.write(bytes)) body.pause();
      },
      onEnd: (trailers) => exchange.end(trailers.toRaw()),
      onFailure: () => exchange.abort(),
    });
  }

  onFailure(): void {
    this.#exchange.answer({ status: 502 });
  }

  onInformational({ status }: ReceivedResponse): void {
    if (status === 100) this.#exchange.sendContinue();
  }

  onWritable(asked: ClientExchange): void {
    const body = this.#body!;
    if (body.isRead) {
      body.resume();
      return;
    }
    body.read({
      onData: (bytes) => {
        if (!asked.write(bytes)) body.pause();
      },
      onEnd: (trailers) => asked.end(trailers.toRaw()),
      onFailure: () => asked.abort(),
    });
  }
}

let forwardedFor = "";
let forwarded = new PreparedFields([]);

/** What is the same for all requests of a client. */
function forwardedFields({ remoteAddress, secure }: ServerExchange): PreparedFields {
  if (remoteAddress !== forwardedFor) {
    const raw = [
      "X-Forwarded-For",
      remoteAddress,
      "X-Forwarded-Proto",
      secure ? "https" : "http",
      "X-Forwarded-Port",
      "80",
    ];
    forwarded = new PreparedFields(raw);
    forwardedFor = remoteAddress;
  }
  return forwarded;
}

/** The length that is said of a body which does not come. */
function lengthOf(head: ReceivedResponse, method: string): number | undefined {
  return method === "HEAD" || head.status === 304 ? head.contentLength : undefined;
}

function tellsOfClient(fields: Fields, index: number): boolean {
  switch (fields.nameEnd(index) - fields.nameStart(index)) {
    case 9:
      return fields.isNamed(index, "forwarded");
    case 15:
      return fields.isNamed(index, "x-forwarded-for");
    case 16:
      return fields.isNamed(index, "x-forwarded-host") || fields.isNamed(index, "x-forwarded-port");
    case 17:
      return fields.isNamed(index, "x-forwarded-proto");
    default:
      return false;
  }
}
