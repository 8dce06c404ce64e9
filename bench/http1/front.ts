/**
 * A proxy of the client and the server of `foundation/http1`, as a process of its own: `front.ts <upstream port>`. Prints its port.
 *
 * It does what the engine of `foundation/proxy` does for each request: fields of one hop left out, `X-Forwarded-*` written anew, bodies passed on in both directions at
 * the pace of both ends. It has no routes and tries nothing twice.
 */
import {
  type BodySink,
  ClientPool,
  type ExchangeListener,
  type Fields,
  type Origin,
  type ResponseHead,
  type ServerExchange,
  serve,
} from "#foundation/http1";

const origin: Origin = { address: { kind: "tcp", host: "127.0.0.1", port: Number(process.argv[2]) } };
const pool = new ClientPool();
const server = await serve({ port: 0, onExchange: pass });
console.log(server.port);

function pass(exchange: ServerExchange): void {
  const { head, body } = exchange;
  const whole = head.hasBody ? body.whole : null;
  const listener: ExchangeListener = {
    onResponse: (asked) => answer(exchange, asked),
    onFailure: () => exchange.answer({ status: 502 }),
    onInformational: (informed) => {
      if (informed.status === 100) exchange.sendContinue();
    },
    onWritable: (asked) => {
      if (body.isRead) body.resume();
      else body.read(upload(exchange, asked));
    },
  };
  const asked = pool.request(
    origin,
    {
      method: head.method,
      target: head.target,
      host: head.host,
      received: { fields: head.fields, isDropped: tellsOfClient },
      fields: [
        "X-Forwarded-For",
        exchange.remoteAddress,
        "X-Forwarded-Proto",
        exchange.secure ? "https" : "http",
        "X-Forwarded-Port",
        "80",
        "X-Forwarded-Host",
        head.host,
      ],
      ...(whole === undefined
        ? { stream: { length: head.contentLength }, expectContinue: head.expectsContinue }
        : { body: whole }),
    },
    listener,
  );
  exchange.onGone = () => asked.abort();
}

type Asked = Parameters<ExchangeListener["onResponse"]>[0];

function upload(exchange: ServerExchange, asked: Asked): BodySink {
  return {
    onData: (bytes) => {
      if (!asked.write(bytes)) exchange.body.pause();
    },
    onEnd: (trailers) => asked.end(trailers.toRaw()),
    onFailure: () => asked.abort(),
  };
}

function answer(exchange: ServerExchange, { head, body }: Asked): void {
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

/** The length that is said of a body which does not come. */
function lengthOf(head: ResponseHead, method: string): number | undefined {
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
