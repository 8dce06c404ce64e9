/** Field names that clients send again and again: one text for each, and its lower-case form. */

/** A name as sent, and in lower case. */
export interface FieldName {
  readonly name: string;
  readonly lower: string;
}

/** Places for names: a few hundred are in use. A name that finds its place taken takes it over, so that nobody can fill the table. */
const PLACES = 1024;
/** Longer names are not kept: 1,024 of these are 128 KiB. */
const KEPT_CHARACTERS_MAX = 128;

const places = new Array<FieldName | undefined>(PLACES);

/**
 * The name between two positions of a text.
 *
 * @param hash a number that depends on the name alone; the caller has seen its characters anyway
 */
export function fieldName(text: string, from: number, to: number, hash: number): FieldName {
  const length = to - from;
  const place = hash & (PLACES - 1);
  const known = places[place];
  if (known !== undefined && known.name.length === length && text.startsWith(known.name, from)) return known;
  if (length > KEPT_CHARACTERS_MAX) return pair(text.slice(from, to));
  // A part of a text keeps all of it in memory: what is kept is copied.
  const made = pair(Buffer.from(text.slice(from, to), "latin1").toString("latin1"));
  places[place] = made;
  return made;
}

function pair(name: string): FieldName {
  return { name, lower: name.toLowerCase() };
}
