/** Loads a service's model when it is first needed: EC2's megabyte is no cost to those who never call it. */

import type { RawModel } from "./model/raw-model.ts";
import { createServiceModel } from "./model/service-model.ts";
import type { ServiceModel } from "./model/shapes.ts";
import type { ServiceName } from "./services.ts";
import { readConstraints } from "./validation/constraint-table.ts";

/** Literal specifiers, so that a bundler can put each module into its own chunk. */
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

const constraintModules: { readonly [Name in ServiceName]: () => Promise<{ readonly constraints: string }> } = {
  s3: () => import("./models/s3.constraints.gen.ts"),
  dynamodb: () => import("./models/dynamodb.constraints.gen.ts"),
  "dynamodb-streams": () => import("./models/dynamodb-streams.constraints.gen.ts"),
  sqs: () => import("./models/sqs.constraints.gen.ts"),
  lambda: () => import("./models/lambda.constraints.gen.ts"),
  elbv2: () => import("./models/elbv2.constraints.gen.ts"),
  ec2: () => import("./models/ec2.constraints.gen.ts"),
  iam: () => import("./models/iam.constraints.gen.ts"),
  sts: () => import("./models/sts.constraints.gen.ts"),
  logs: () => import("./models/logs.constraints.gen.ts"),
};

const loaded = new Map<ServiceName, Promise<ServiceModel>>();

/** The model of a service; the same object every time. */
export function loadServiceModel(service: ServiceName): Promise<ServiceModel> {
  let model = loaded.get(service);
  if (model === undefined) {
    model = load(service);
    loaded.set(service, model);
  }
  return model;
}

async function load(service: ServiceName): Promise<ServiceModel> {
  const [{ model }, { constraints }] = await Promise.all([modules[service](), constraintModules[service]()]);
  return createServiceModel(parseModel(model), () => readConstraints(constraints));
}

/** The text is our own generator's: `scripts/generate/stale.test.ts` holds it to its form. */
function parseModel(text: string): RawModel {
  return JSON.parse(text);
}
