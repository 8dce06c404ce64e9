/** A client whose answers are held against what the control plane says of them. */
import { BiplaneClient, type ClientOptions } from "../../../clients/typescript/src/index.ts";
import type { CloudEnvironment } from "../../support/cloud.ts";
import { ApiDescription, type DescribedOperation } from "./api-description.ts";

export interface CheckedClient {
  readonly client: BiplaneClient;
  /** The org of the cloud. */
  readonly org: string;
  readonly description: ApiDescription;
  /** Everything that was not as it is described, a sentence each. */
  readonly problems: readonly string[];
  /** Operations that have been answered. */
  readonly answered: ReadonlySet<string>;
  operation(id: string): DescribedOperation;
  /** Another client of the same control plane. */
  with(options: Partial<ClientOptions>): BiplaneClient;
}

/** @param environment what `biplane env` says of a cloud that runs */
export async function checkedClient(environment: CloudEnvironment): Promise<CheckedClient> {
  const options = { url: environment.BIPLANE_API_URL!, token: environment.BIPLANE_TOKEN! };
  const description = new ApiDescription(await new BiplaneClient(options).cloud.openApi());
  const problems: string[] = [];
  const answered = new Set<string>();
  const client = new BiplaneClient({
    ...options,
    async fetch(url, init) {
      const answer = await fetch(url, init);
      const operation = description.operationOf(init.method!, new URL(url).pathname);
      if (operation === undefined) throw new Error(`No operation is described for ${init.method} ${url}`);
      if (!answer.ok) return answer;
      answered.add(operation.operationId);
      const type = answer.headers.get("content-type")?.split(";")[0];
      // What follows is in lines, each of which is an item of the page.
      if (type === "application/x-ndjson") return answer;
      if (type !== operation.contentType) problems.push(`${operation.operationId}: is ${type}`);
      if (String(answer.status) !== operation.status) problems.push(`${operation.operationId}: ${answer.status}`);
      if (type === "application/json") {
        problems.push(...description.problemsOf(operation, await answer.clone().json()));
      }
      return answer;
    },
  });
  return {
    client,
    org: environment.BIPLANE_ACCOUNT_ID!,
    description,
    problems,
    answered,
    operation: (id) => description.operations.find(({ operationId }) => operationId === id)!,
    with: (more) => new BiplaneClient({ ...options, ...more }),
  };
}
