/** Told of an invariant that does not hold: its name (that of the list in `witness.ts`), and what was seen. */
export type Breach = (invariant: string, text: string) => void;
