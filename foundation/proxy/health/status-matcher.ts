/** Which statuses of an answer mean health, such as `200,202` or `200-299`. Pure. */

/** Why a text is no list of statuses. */
export class InvalidStatusMatcher extends Error {
  override readonly name = "InvalidStatusMatcher";
}

const PART = /^([1-5][0-9]{2})(?:-([1-5][0-9]{2}))?$/;

/**
 * Reads statuses and ranges, separated by commas.
 *
 * Source: ELBv2 API reference, `Matcher.HttpCode`.
 *
 * @throws InvalidStatusMatcher
 */
export function parseStatusMatcher(text: string): (status: number) => boolean {
  const matching = new Uint8Array(600);
  for (const part of text.split(",")) {
    const match = PART.exec(part.trim());
    const first = Number(match?.[1]);
    const last = Number(match?.[2] ?? match?.[1]);
    if (match === null || last < first) {
      throw new InvalidStatusMatcher(
        `${JSON.stringify(part)} is no status and no range of them, such as 200 or 200-299.`,
      );
    }
    matching.fill(1, first, last + 1);
  }
  return (status) => matching[status] === 1;
}
