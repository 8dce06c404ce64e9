/** How long rollouts wait for what, and how much proves something. */

export interface RolloutSettings {
  /** A gateway that was connected so recently may be back at once; gateways dial again within a minute. A stage waits for it, and for no other that is away. */
  readonly awayMs: number;
  /** A gateway that is connected takes an artifact within this, or something is wrong with it. */
  readonly settleMs: number;
  /** A stage with too few requests bakes longer, by this at most, or by its own time to bake if that is more. */
  readonly extensionMs: number;
  /** So many requests show that a stage does badly before its time to bake is over, and that the gateways with the artifact before do badly, too. */
  readonly earlyRequests: number;
  /** How often rollouts that are under way are looked at while nothing happens. */
  readonly tickMs: number;
}

export const DEFAULT_ROLLOUT_SETTINGS: RolloutSettings = {
  awayMs: 90_000,
  settleMs: 180_000,
  extensionMs: 600_000,
  earlyRequests: 50,
  tickMs: 1_000,
};
