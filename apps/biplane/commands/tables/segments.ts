/** Reading a whole table: several segments of a parallel scan at once. */
import type { JsonClient } from "../../cli/json-client.ts";
import type { ItemPage } from "./client.ts";

const SEGMENTS = 4;

/** Calls `onPage` for every page, one at a time. */
export async function scanAll(
  client: JsonClient,
  input: object,
  onPage: (page: ItemPage) => void,
  signal: AbortSignal,
): Promise<void> {
  const scanSegment = async (Segment: number): Promise<void> => {
    let start: object = {};
    for (;;) {
      signal.throwIfAborted();
      const page = await client.call<ItemPage>(
        "Scan",
        { ...input, ...start, Segment, TotalSegments: SEGMENTS },
        { signal },
      );
      onPage(page);
      if (page.LastEvaluatedKey === undefined) return;
      start = { ExclusiveStartKey: page.LastEvaluatedKey };
    }
  };
  await Promise.all(Array.from({ length: SEGMENTS }, (_, segment) => scanSegment(segment)));
}
