/** GetObject and HeadObject. */
import type { S3 } from "#foundation/aws";
import type { Handler, Toolbox } from "../../service/define.ts";
import type { Draft } from "../../service/draft.ts";
import { openObject } from "./read-object.ts";

/** The body is opened before anything is answered: a missing or broken file is an error, not a cut response. */
export const getObject =
  (tools: Toolbox): Handler<"GetObject"> =>
  async (input, context) => {
    const { version, range, customerKey, description } = await openObject(tools, input, context);
    const output: Draft<S3.GetObjectOutput> = description;
    const small = await tools.engine.readSmall(version, range, customerKey);
    output.Body = small ?? (await tools.engine.read(version, range, customerKey));
    return output;
  };

export const headObject =
  (tools: Toolbox): Handler<"HeadObject"> =>
  async (input, context) => {
    const { description } = await openObject(tools, input, context);
    return description;
  };
