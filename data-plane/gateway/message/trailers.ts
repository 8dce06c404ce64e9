/** Fields behind a body, on their way through. Pure. */
import { FIELD, type Fields } from "#foundation/http1";

/** What says how to read or to route belongs before the body, and is no trailer whoever has sent it (RFC 9110 §6.5.1). @returns name, value, name, value … */
export function passedTrailers(trailers: Fields): readonly string[] {
  if (trailers.count === 0) return NONE;
  const passed: string[] = [];
  for (let i = 0; i < trailers.count; i++) {
    if (trailers.id(i) === FIELD.OTHER) passed.push(trailers.name(i), trailers.value(i));
  }
  return passed;
}

const NONE: readonly string[] = [];
