/** Dispatchers: where a request goes. */
import type { DispatcherPlugin } from "../plugin.ts";
import { app } from "./app.ts";
import { fireAndForget } from "./fire-and-forget.ts";
import { httpUpstream } from "./http-upstream.ts";
import { lambda } from "./lambda.ts";
import { kafka } from "./messages/kafka.ts";
import { nats } from "./messages/nats.ts";
import { sqs } from "./messages/sqs.ts";
import { mock } from "./mock.ts";
import { s3 } from "./s3/s3.ts";
import { wsUpstream } from "./ws-upstream.ts";

export const DISPATCH_PLUGINS: readonly DispatcherPlugin[] = [
  httpUpstream,
  mock,
  wsUpstream,
  fireAndForget,
  lambda,
  s3,
  app,
  nats,
  sqs,
  kafka,
];
