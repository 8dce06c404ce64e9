/** Test support: the real SDK clients, whose requests end in our codecs instead of a network. */

import { Readable } from "node:stream";
import type { ServiceName } from "../services.ts";
import type { WireRequest, WireResponse } from "../wire.ts";

/** The request as the SDK hands it to its HTTP handler. */
interface SdkRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string | readonly (string | null)[] | null | undefined>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

interface SdkClient {
  send(command: object): Promise<Record<string, unknown>>;
}

type Constructor<T> = new (options: object) => T;

export interface SdkService {
  /** Sends an operation's input through the client; `answer` plays the server. */
  call(operation: string, input: object, answer: SdkAnswer): Promise<Record<string, unknown>>;
  /** The client's class of an error. */
  errorClass(name: string): Constructor<Error> | undefined;
}

export type SdkAnswer = (request: WireRequest, body: Uint8Array) => WireResponse | Promise<WireResponse>;

const modules: { readonly [Name in ServiceName]: () => Promise<Record<string, unknown>> } = {
  s3: () => import("@aws-sdk/client-s3"),
  dynamodb: () => import("@aws-sdk/client-dynamodb"),
  "dynamodb-streams": () => import("@aws-sdk/client-dynamodb-streams"),
  sqs: () => import("@aws-sdk/client-sqs"),
  lambda: () => import("@aws-sdk/client-lambda"),
  elbv2: () => import("@aws-sdk/client-elastic-load-balancing-v2"),
  ec2: () => import("@aws-sdk/client-ec2"),
  iam: () => import("@aws-sdk/client-iam"),
  sts: () => import("@aws-sdk/client-sts"),
  logs: () => import("@aws-sdk/client-cloudwatch-logs"),
};

const clientNames: { readonly [Name in ServiceName]: string } = {
  s3: "S3Client",
  dynamodb: "DynamoDBClient",
  "dynamodb-streams": "DynamoDBStreamsClient",
  sqs: "SQSClient",
  lambda: "LambdaClient",
  elbv2: "ElasticLoadBalancingV2Client",
  ec2: "EC2Client",
  iam: "IAMClient",
  sts: "STSClient",
  logs: "CloudWatchLogsClient",
};

/** Loads a client whose every call is answered by the given function. */
export async function sdkService(service: ServiceName): Promise<SdkService> {
  const module = await modules[service]();
  const Client = constructorOf<SdkClient>(module[clientNames[service]]);
  let answer: SdkAnswer | undefined;
  const client = new Client({
    region: "us-east-1",
    endpoint: "http://127.0.0.1:1",
    credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" },
    forcePathStyle: true,
    disableHostPrefix: true,
    maxAttempts: 1,
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    useQueueUrlAsEndpoint: false,
    // SQS clients compare digests of message bodies, which sample answers do not have.
    ...(service === "sqs" && { md5: false }),
    requestHandler: {
      handle: async (request: SdkRequest) => {
        if (answer === undefined) throw new Error("no answer was given");
        return { response: await toSdk(await answer(toWire(request), await bodyBytes(request.body))) };
      },
    },
  });
  return {
    async call(operation, input, given) {
      answer = given;
      const Command = constructorOf<object>(module[`${operation}Command`]);
      return client.send(new Command(input));
    },
    errorClass: (name) => {
      const value = module[name];
      return typeof value === "function" ? constructorOf<Error>(value) : undefined;
    },
  };
}

function constructorOf<T>(value: unknown): Constructor<T> {
  if (typeof value !== "function") throw new Error("the client does not export what was expected");
  return value as Constructor<T>;
}

/** The request line as the SDK's HTTP handler would write it. */
function toWire(request: SdkRequest): WireRequest {
  const pairs: string[] = [];
  for (const name of Object.keys(request.query ?? {}).sort()) {
    const value = request.query[name];
    const key = escapeUri(name);
    if (Array.isArray(value)) pairs.push(...value.map((item) => `${key}=${escapeUri(String(item))}`));
    else pairs.push(typeof value === "string" && value !== "" ? `${key}=${escapeUri(value)}` : key);
  }
  const raw = Object.entries(request.headers).flat();
  return {
    method: request.method,
    path: request.path,
    query: pairs.join("&"),
    headers: {
      raw,
      get(lowerName) {
        for (let index = 0; index < raw.length; index += 2) {
          if (raw[index]?.toLowerCase() === lowerName) return raw[index + 1];
        }
        return undefined;
      },
    },
  };
}

function escapeUri(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

async function bodyBytes(body: unknown): Promise<Uint8Array> {
  if (body === undefined || body === null) return new Uint8Array(0);
  if (typeof body === "string") return new TextEncoder().encode(body);
  if (body instanceof Uint8Array) return body;
  if (body instanceof Readable) return Buffer.concat(await Readable.from(body).toArray());
  throw new Error("the SDK sent a body of another kind");
}

async function toSdk(response: WireResponse): Promise<object> {
  const headers: Record<string, string> = {};
  for (const [name, value] of response.headers) headers[name.toLowerCase()] = value;
  if (response.contentLength !== undefined) headers["content-length"] = String(response.contentLength);
  return { statusCode: response.status, headers, body: Readable.from(await responseChunks(response)) };
}

async function responseChunks({ body }: WireResponse): Promise<Uint8Array[]> {
  if (body === null || body === "") return [];
  if (typeof body === "string") return [new TextEncoder().encode(body)];
  if (body instanceof Uint8Array) return [body];
  if ("kind" in body) throw new Error("tests answer with no files");
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return chunks;
}
