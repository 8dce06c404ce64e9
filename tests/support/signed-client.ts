/** S3 requests without an SDK: cheap enough that hundreds of clients fit beside the server on two cores, and nothing is retried behind the test's back. */
import { type Credential, signRequest } from "#foundation/aws/sigv4";
import type { CloudEnvironment } from "./cloud.ts";

export interface PlainAnswer {
  /** 0 when the connection broke before an answer. */
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
  /** `<Code>` of an error document. */
  readonly code: string | undefined;
  text(): string;
}

export interface PlainRequest {
  /** `name=value&…`, percent-encoded. */
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  readonly signal?: AbortSignal;
}

export interface SignedClient {
  /**
   * @param path begins with `/`, percent-encoded
   * @returns the answer whatever its status; a broken connection has status 0
   */
  send(method: string, path: string, request?: PlainRequest): Promise<PlainAnswer>;
}

const NO_ANSWER: Pick<PlainAnswer, "status" | "headers"> = { status: 0, headers: new Headers() };

/** @param credential instead of the environment's own */
export function signedClientFor(environment: CloudEnvironment, credential?: Credential): SignedClient {
  const endpoint = environment.AWS_ENDPOINT_URL!;
  const { host } = new URL(endpoint);
  const signer = credential ?? {
    accessKeyId: environment.AWS_ACCESS_KEY_ID!,
    secretAccessKey: environment.AWS_SECRET_ACCESS_KEY!,
  };
  return {
    async send(method, path, { query = "", headers = {}, body, signal } = {}) {
      const signed = signRequest(
        { method, path, query, headers: [["host", host], ...Object.entries(headers)] },
        "UNSIGNED-PAYLOAD",
        { credential: signer, region: environment.AWS_REGION!, service: "s3", now: Date.now() },
      );
      try {
        const response = await fetch(`${endpoint}${path}${query === "" ? "" : `?${query}`}`, {
          method,
          headers: signed.headers.map(([name, value]): [string, string] => [name, value]),
          body,
          signal,
        });
        return answerOf(response, new Uint8Array(await response.arrayBuffer()));
      } catch (error) {
        const text = String(error);
        return { ...NO_ANSWER, bytes: new TextEncoder().encode(text), code: undefined, text: () => text };
      }
    },
  };
}

function answerOf({ status, headers }: Response, bytes: Uint8Array): PlainAnswer {
  const text = () => new TextDecoder().decode(bytes);
  const code = status < 300 ? undefined : /<Code>([^<]*)<\/Code>/.exec(text())?.[1];
  return { status, headers, bytes, code, text };
}
