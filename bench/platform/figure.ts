/** One line for one figure, beside what it shall be. */
export function figure(
  what: string,
  value: number,
  unit: string,
  target: { readonly atLeast?: number; readonly atMost?: number },
): void {
  const shown = value >= 1_000 ? Math.round(value).toLocaleString("en") : value.toPrecision(3);
  const { atLeast, atMost } = target;
  const met = atLeast === undefined ? atMost === undefined || value <= atMost : value >= atLeast;
  const wanted =
    atLeast === undefined
      ? atMost === undefined
        ? ""
        : `target: at most ${atMost} ${unit}`
      : `target: at least ${atLeast.toLocaleString("en")}${unit}`;
  console.log(`${what.padEnd(66)} ${shown.padStart(9)} ${unit.padEnd(4)} ${wanted}${met ? "" : "   MISSED"}`);
}
