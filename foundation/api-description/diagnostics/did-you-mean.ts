/** Names that were meant instead of others. */

/** Longer ones are not misspelt, and take long to compare. */
const NAME_LENGTH_MAX = 64;

/** The known name that differs from `name` in its case, or in one or two letters; undefined when none is near. */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  if (name.length > NAME_LENGTH_MAX) return undefined;
  let best: string | undefined;
  let bestDistance = 3;
  for (const one of known) {
    if (Math.abs(one.length - name.length) > NAME_LENGTH_MAX) continue;
    const distance = differences(name, one);
    // Short names differ in two letters by chance.
    const allowed = Math.min(name.length, one.length) >= 8 ? 2 : Math.min(name.length, one.length) >= 4 ? 1 : 0;
    if (distance <= allowed && distance < bestDistance) {
      best = one;
      bestDistance = distance;
    }
  }
  return best;
}

/** Letters to change, to put in, to take out or to swap with a neighbour; 0 when only case and separators differ. */
function differences(left: string, right: string): number {
  const a = normal(left);
  const b = normal(right);
  if (Math.abs(a.length - b.length) > 2) return 3;
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(previous[j]! + 1, row[j - 1]! + 1, previous[j - 1]! + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, before[j - 2]! + 1);
      row.push(least);
    }
    before = previous;
    previous = row;
  }
  return previous[b.length]!;
}

const normal = (name: string): string => name.toLowerCase().replace(/[-_ ]/g, "");
