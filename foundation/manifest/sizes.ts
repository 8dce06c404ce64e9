/** Sizes of memory and disks: whole numbers of Mi or Gi. Pure. */

/** `256Mi`, `4Gi`. */
export type Size = `${number}${"Mi" | "Gi"}`;

const MEBIBYTE = 2 ** 20;
/** Six digits of Gi are below 2^50 bytes: sums of a few stay exact. */
const SIZE = /^([1-9][0-9]{0,5})(Mi|Gi)$/;

/** Bytes of a size, undefined for what is none. */
export function sizeBytes(text: string): number | undefined {
  const match = SIZE.exec(text);
  return match === null ? undefined : Number(match[1]) * (match[2] === "Gi" ? 1024 * MEBIBYTE : MEBIBYTE);
}

/** The one spelling of a size: Gi when it is a whole number of them. @param bytes a whole number of Mi */
export function sizeOf(bytes: number): Size {
  const mebibytes = bytes / MEBIBYTE;
  return mebibytes % 1024 === 0 ? `${mebibytes / 1024}Gi` : `${mebibytes}Mi`;
}
