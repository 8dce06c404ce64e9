/** Loads a service's model when it is first needed: EC2's megabyte is no cost to those who never call it. */

import type { RawModel } from "./model/raw-model.ts";
import { createServiceModel } from "./model/service-model.ts";
import type { ServiceModel } from "./model/shapes.ts";
import type { ServiceName } from "./services.ts";

/** Literal specifiers, so that a bundler can put each model into its own chunk. */
const modules: { readonly [Name in ServiceName]: () => Promise<{ readonly model: string }> } = {
  s3: () => import("./models/s3.gen.ts"),
  dynamodb: () => import("./models/dynamodb.gen.ts"),
  "dynamodb-streams": () => import("./models/dynamodb-streams.gen.ts"),
  sqs: () => import("./models/sqs.gen.ts"),
  lambda: () => import("./models/lambda.gen.ts"),
  elbv2: () => import("./models/elbv2.gen.ts"),
  ec2: () => import("./models/ec2.gen.ts"),
  iam: () => import("./models/iam.gen.ts"),
  sts: () => import("./models/sts.gen.ts"),
  logs: () => import("./models/logs.gen.ts"),
};

const loaded = new Map<ServiceName, Promise<ServiceModel>>();

/** The model of a service; the same object every time. */
export function loadServiceModel(service: ServiceName): Promise<ServiceModel> {
  let model = loaded.get(service);
  if (model === undefined) {
    model = modules[service]().then((module) => createServiceModel(parseModel(module.model)));
    loaded.set(service, model);
  }
  return model;
}

/** The text is our own generator's: `scripts/generate/stale.test.ts` holds it to its form. */
function parseModel(text: string): RawModel {
  return JSON.parse(text);
}
