/** Schemas that could be followed forever without looking at anything new. */

/**
 * One schema of each circle.
 *
 * @param edges from a schema to those that judge the same value: allOf, not, $ref …
 */
export function endlessSchemas(edges: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const open = new Set<string>();
  for (const start of edges.keys()) {
    if (done.has(start)) continue;
    // Without recursion: a chain of references may be as long as there are schemas.
    const path = [{ at: start, next: 0 }];
    open.add(start);
    while (path.length > 0) {
      const top = path.at(-1)!;
      const to = edges.get(top.at)?.[top.next++];
      if (to === undefined) {
        open.delete(top.at);
        done.add(top.at);
        path.pop();
      } else if (open.has(to)) found.push(top.at);
      else if (!done.has(to)) {
        open.add(to);
        path.push({ at: to, next: 0 });
      }
    }
  }
  return [...new Set(found)];
}
