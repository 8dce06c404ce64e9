/** Rules that a request chooses by a context value, so that one decision (`cel`) reaches all plugins of language models. */
import type { GatewayExchange } from "../../../message/gateway-exchange.ts";

export interface ProfilesConfig<Profile> {
  readonly context_key: string;
  readonly default_profile: string;
  readonly profiles: Readonly<Record<string, Profile>>;
}

/** @returns the rules for a request: those that its context names, or the usual ones */
export function profilesOf<Profile, Ready>(
  { context_key: key, default_profile: usual, profiles }: ProfilesConfig<Profile>,
  make: (profile: Profile, name: string) => Ready,
): (exchange: GatewayExchange) => Ready {
  const ready = new Map(Object.entries(profiles).map(([name, profile]) => [name, make(profile, name)]));
  const fallback = ready.get(usual);
  if (fallback === undefined) throw new Error(`There is no profile ${usual}.`);
  return ({ context }) => ready.get(context.get(key) ?? usual) ?? fallback;
}
