/** Random damage to texts, for tests of what reads them. */

const PIECES = [
  ..." |  |\n|\n\n|:|: |-|- |#| #|'|\"|\\|[|]|{|}|,|>|&a |*a|!|?|%|\t|\r\n|---|...|~|null|1|0x1f|.5|é|😀|<<|$ref".split(
    "|",
  ),
  "|",
];

/** One to three changes: something put in, taken out, or copied from elsewhere. @param random numbers in [0, 1) */
export function damaged(text: string, random: () => number): string {
  const below = (bound: number): number => Math.floor(random() * bound);
  let changed = text;
  for (let left = 1 + below(3); left > 0; left--) {
    const at = below(changed.length + 1);
    const kind = random();
    const from = below(changed.length + 1);
    if (kind < 0.5) changed = changed.slice(0, at) + PIECES[below(PIECES.length)] + changed.slice(at);
    else if (kind < 0.8) changed = changed.slice(0, at) + changed.slice(at + 1 + below(3));
    else changed = changed.slice(0, at) + changed.slice(from, from + below(12)) + changed.slice(at);
  }
  return changed;
}
