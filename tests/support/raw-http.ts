/** HTTP by hand: exactly these bytes, and what came back. */
import { connect } from "node:net";
import { type Credential, signRequest } from "#foundation/aws/sigv4";
import type { CloudEnvironment } from "./cloud.ts";

export interface RawAnswer {
  /** 0 when the connection closed without an answer. */
  readonly status: number;
  readonly head: string;
  readonly body: string;
  /** `<Code>` of an S3 error. */
  readonly code: string | undefined;
  /** Everything received, for requests that have several answers. */
  readonly all: string;
  /** Whether the server told the client to send the body (`100 Continue`). */
  readonly continued: boolean;
}

/** A server that neither answers nor closes has failed. */
const ANSWER_TIMEOUT_MS = 15_000;

const CONTINUE = "HTTP/1.1 100";

/**
 * Sends bytes and reads until the server closes, the answer is complete, or nothing comes for long.
 *
 * @param pieces written one after the other, each in a write of its own
 * @param afterContinue what follows when the server asks for it (`Expect: 100-continue`)
 */
export function sendRaw(
  endpoint: string,
  pieces: readonly (string | Uint8Array)[],
  afterContinue?: Uint8Array,
): Promise<RawAnswer> {
  const { hostname, port } = new URL(endpoint);
  return new Promise((resolve, reject) => {
    const [first] = pieces;
    const headOnly = typeof first === "string" && first.startsWith("HEAD ");
    let received = "";
    let continued = false;
    const socket = connect(Number(port), hostname);
    const timeout = setTimeout(() => {
      socket.destroy();
      reject(new Error(`no answer within ${ANSWER_TIMEOUT_MS} ms; received ${JSON.stringify(received.slice(0, 200))}`));
    }, ANSWER_TIMEOUT_MS);
    const finish = () => {
      clearTimeout(timeout);
      socket.destroy();
      resolve(parse(received));
    };
    socket.on("connect", () => {
      for (const piece of pieces) socket.write(typeof piece === "string" ? Buffer.from(piece, "latin1") : piece);
    });
    socket.on("data", (data) => {
      received += data.toString("latin1");
      if (!continued && afterContinue !== undefined && received.startsWith(CONTINUE)) {
        continued = true;
        socket.write(afterContinue);
      }
      if (isComplete(received, headOnly)) finish();
    });
    socket.on("end", finish);
    socket.on("close", finish);
    socket.on("error", finish);
  });
}

function isComplete(all: string, headOnly: boolean): boolean {
  const text = withoutContinue(all);
  const end = text.indexOf("\r\n\r\n");
  if (end === -1) return false;
  if (headOnly) return true;
  const head = text.slice(0, end).toLowerCase();
  const length = /\r\ncontent-length: *(\d+)/.exec(head);
  if (length !== null) return text.length - end - 4 >= Number(length[1]);
  if (head.includes("transfer-encoding: chunked")) return text.endsWith("0\r\n\r\n");
  return /^http\/1\.1 (204|304)/.test(head);
}

/** What follows an interim answer; nothing while that one is not whole. */
function withoutContinue(all: string): string {
  if (!all.startsWith(CONTINUE)) return all;
  const end = all.indexOf("\r\n\r\n");
  return end === -1 ? "" : all.slice(end + 4);
}

function parse(all: string): RawAnswer {
  const text = withoutContinue(all);
  const end = text.indexOf("\r\n\r\n");
  const head = end === -1 ? text : text.slice(0, end);
  const body = end === -1 ? "" : text.slice(end + 4);
  return {
    status: Number(head.slice(9, 12)) || 0,
    head,
    body,
    code: /<Code>([^<]*)<\/Code>/.exec(body)?.[1],
    all,
    continued: all.startsWith(CONTINUE),
  };
}

export interface RequestPlan {
  readonly method: string;
  /** Percent-encoded. */
  readonly path: string;
  readonly query?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string | Uint8Array;
  /** Value of `x-amz-content-sha256` instead of the body's hash. */
  readonly payloadHash?: string;
  /** Signs as if it were this long ago. */
  readonly ageMs?: number;
  readonly credential?: Credential;
  readonly region?: string;
  /** Value of `Host`; default: the endpoint's. */
  readonly host?: string;
  /** Sends the body only when the server asks for it. */
  readonly expectContinue?: boolean;
  /** Changes the request after it was signed. */
  readonly tamper?: (head: string) => string;
}

/** Signs a request correctly, lets the plan spoil it, and sends it. */
export async function sendSigned(environment: CloudEnvironment, plan: RequestPlan): Promise<RawAnswer> {
  const endpoint = environment.AWS_ENDPOINT_URL!;
  const body = typeof plan.body === "string" ? new TextEncoder().encode(plan.body) : (plan.body ?? new Uint8Array(0));
  const signed = signRequest(
    {
      method: plan.method,
      path: plan.path,
      query: plan.query ?? "",
      headers: [
        ["host", plan.host ?? new URL(endpoint).host],
        ["content-length", String(body.length)],
        ...(plan.headers ?? []),
      ],
    },
    plan.payloadHash ?? body,
    {
      credential: plan.credential ?? {
        accessKeyId: environment.AWS_ACCESS_KEY_ID!,
        secretAccessKey: environment.AWS_SECRET_ACCESS_KEY!,
      },
      region: plan.region ?? environment.AWS_REGION!,
      service: "s3",
      now: Date.now() - (plan.ageMs ?? 0),
    },
  );
  const target = plan.query ? `${plan.path}?${plan.query}` : plan.path;
  const lines = signed.headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const expectation = plan.expectContinue === true ? "Expect: 100-continue\r\n" : "";
  const head = `${plan.method} ${target} HTTP/1.1\r\n${lines}${expectation}\r\n`;
  const sent = plan.tamper?.(head) ?? head;
  return await (plan.expectContinue === true ? sendRaw(endpoint, [sent], body) : sendRaw(endpoint, [sent, body]));
}
