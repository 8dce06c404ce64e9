/**
 * Which gateways are connected and how they do: memory of this control plane, true again one heartbeat after its start. The session of a gateway writes it; the API and rollouts read it.
 */
import type { ArtifactRefusal, GatewayHealth } from "#contracts";

export interface PresentGateway {
  readonly gatewayId: string;
  readonly projectId: string;
  readonly online: boolean;
  /** Epoch milliseconds, by the control plane's clock: of the last connection. */
  readonly connectedAt: number;
  /** Of the last message; for one that is not online, of the end of its connection. */
  readonly lastSeenAt: number;
  /** Since the gateway was started; absent before the first heartbeat. */
  readonly uptimeSeconds?: number;
  readonly health?: GatewayHealth;
  readonly servedDigest: string | null;
  readonly refusal?: ArtifactRefusal;
}

/** What a heartbeat says. */
export type Heard = Partial<Pick<PresentGateway, "uptimeSeconds" | "health" | "servedDigest" | "refusal">>;

export interface GatewayPresence {
  /** A gateway has registered. */
  connected(gateway: Pick<PresentGateway, "gatewayId" | "projectId" | "servedDigest">, now: number): void;
  /** It has said something. Nothing happens for one that is not connected. */
  heard(gatewayId: string, heard: Heard, now: number): void;
  /** Its connection has ended, or nothing was heard for too long. */
  disconnected(gatewayId: string, now: number): void;
  /** It was removed. */
  forget(gatewayId: string): void;
  of(gatewayId: string): PresentGateway | undefined;
  /** Those of a project that are connected now. */
  online(projectId: string): readonly PresentGateway[];
  /** Called after each change, with the gateway's id. Returns what ends it. */
  onChange(listener: (gatewayId: string) => void): () => void;
}

export function createGatewayPresence(): GatewayPresence {
  const all = new Map<string, PresentGateway>();
  const byProject = new Map<string, Set<string>>();
  const listeners = new Set<(gatewayId: string) => void>();

  function put(gateway: PresentGateway): void {
    all.set(gateway.gatewayId, gateway);
    const { gatewayId, projectId } = gateway;
    const online = byProject.get(projectId);
    if (gateway.online) {
      if (online === undefined) byProject.set(projectId, new Set([gatewayId]));
      else online.add(gatewayId);
    } else if (online?.delete(gatewayId) && online.size === 0) byProject.delete(projectId);
    for (const listener of listeners) listener(gatewayId);
  }

  return {
    connected({ gatewayId, projectId, servedDigest }, now) {
      put({ gatewayId, projectId, servedDigest, online: true, connectedAt: now, lastSeenAt: now });
    },
    heard(gatewayId, heard, now) {
      const before = all.get(gatewayId);
      if (!before?.online) return;
      const { refusal: _, ...rest } = before;
      // A heartbeat without a refusal says that there is none.
      const kept = "health" in heard ? rest : before;
      put({ ...kept, ...heard, lastSeenAt: now });
    },
    disconnected(gatewayId, now) {
      const before = all.get(gatewayId);
      if (before?.online) put({ ...before, online: false, lastSeenAt: now });
    },
    forget(gatewayId) {
      const before = all.get(gatewayId);
      if (before === undefined) return;
      if (before.online) put({ ...before, online: false });
      all.delete(gatewayId);
    },
    of: (gatewayId) => all.get(gatewayId),
    online: (projectId) => [...(byProject.get(projectId) ?? [])].map((gatewayId) => all.get(gatewayId)!),
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
