/** Dispatchers: where a request goes. */
import type { PluginDeclaration } from "../plugin-declaration.ts";
import { APP } from "./dispatch/app.ts";
import { FIRE_AND_FORGET } from "./dispatch/fire-and-forget.ts";
import { HTTP_UPSTREAM } from "./dispatch/http-upstream.ts";
import { KAFKA } from "./dispatch/kafka.ts";
import { LAMBDA } from "./dispatch/lambda.ts";
import { MOCK } from "./dispatch/mock.ts";
import { NATS } from "./dispatch/nats.ts";
import { S3 } from "./dispatch/s3.ts";
import { SQS } from "./dispatch/sqs.ts";
import { WS_UPSTREAM } from "./dispatch/ws-upstream.ts";

export const DISPATCH_PLUGINS: readonly PluginDeclaration[] = [
  HTTP_UPSTREAM,
  MOCK,
  WS_UPSTREAM,
  FIRE_AND_FORGET,
  LAMBDA,
  S3,
  APP,
  NATS,
  SQS,
  KAFKA,
];
