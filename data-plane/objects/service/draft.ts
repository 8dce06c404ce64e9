/** An output under construction: the same members, writable. */
export type Draft<Output> = { -readonly [Member in keyof Output]: Output[Member] };
