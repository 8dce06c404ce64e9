/** The gateways that are connected now, found by what may change about them. */

export interface LiveSession {
  readonly gatewayId: string;
  readonly projectId: string;
  readonly keyId: string;
}

/** Each gateway once. */
export class LiveSessions<Session extends LiveSession> {
  readonly #byGateway = new Map<string, Session>();
  readonly #byProject = new Map<string, Set<Session>>();
  readonly #byKey = new Map<string, Set<Session>>();

  get size(): number {
    return this.#byGateway.size;
  }

  of(gatewayId: string): Session | undefined {
    return this.#byGateway.get(gatewayId);
  }

  ofProject(projectId: string): Iterable<Session> {
    return this.#byProject.get(projectId) ?? [];
  }

  ofKey(keyId: string): Iterable<Session> {
    return this.#byKey.get(keyId) ?? [];
  }

  all(): Iterable<Session> {
    return this.#byGateway.values();
  }

  /** @returns the session that it takes the place of, which is found no more */
  add(session: Session): Session | undefined {
    const before = this.#byGateway.get(session.gatewayId);
    if (before !== undefined) this.remove(before);
    this.#byGateway.set(session.gatewayId, session);
    put(this.#byProject, session.projectId, session);
    put(this.#byKey, session.keyId, session);
    return before;
  }

  /** @returns whether it was there, rather than a newer one of the same gateway */
  remove(session: Session): boolean {
    if (this.#byGateway.get(session.gatewayId) !== session) return false;
    this.#byGateway.delete(session.gatewayId);
    take(this.#byProject, session.projectId, session);
    take(this.#byKey, session.keyId, session);
    return true;
  }
}

function put<Member>(sets: Map<string, Set<Member>>, key: string, member: Member): void {
  const set = sets.get(key);
  if (set === undefined) sets.set(key, new Set([member]));
  else set.add(member);
}

function take<Member>(sets: Map<string, Set<Member>>, key: string, member: Member): void {
  const set = sets.get(key);
  if (set?.delete(member) && set.size === 0) sets.delete(key);
}
