/** The control plane as programs see it. */
import type {
  AccountId,
  Command,
  CommandOrigin,
  CommandOutcome,
  ControlPlaneId,
  EventEnvelope,
  EventId,
} from "#contracts";
import type {
  AggregateReference,
  AnyEvent,
  CatalogReader,
  ChangeFeed,
  OwnedEvent,
  QuarantinedEvent,
  RebuildReport,
} from "#control-plane/events";
import type { BlobStore } from "#control-plane/gateways/blobs";
import type { GatewayPresence } from "#control-plane/gateways/fleet";
import type { SecretService } from "#control-plane/secrets";
import type { SealingKey } from "#foundation/crypto";

/** The first account and how to sign in as its root. */
export interface RootCredentials {
  readonly accountId: AccountId;
  /** Undefined when the root user has removed or switched off all keys. */
  readonly accessKey: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
  /** True when this call has made the account. */
  readonly created: boolean;
}

/** What `verify` found. */
export interface Verification {
  readonly sound: boolean;
  /** What is wrong with the stored log, in words. */
  readonly logProblems: readonly string[];
  readonly views: readonly RebuildReport[];
}

/** Readers of the log. */
export interface EventReader {
  /** Events after the cursor, in order, without gaps; at most `limit`, and at most 1,000. */
  read(after: EventId, limit: number): Promise<readonly EventEnvelope[]>;
  /** Events of one aggregate in order; `afterSequence` 0 for all. */
  readAggregate(aggregate: AggregateReference, afterSequence: number, limit: number): Promise<readonly EventEnvelope[]>;
  /** Every event after the cursor, then new ones as they are committed, in batches; ends with the signal. */
  tail(after: EventId, signal: AbortSignal): AsyncGenerator<readonly EventEnvelope[], void, void>;
}

/** Reads the committed views and decides; does nothing. @param now epoch milliseconds, of the events */
export type DecideAlone = (views: CatalogReader, now: number) => readonly OwnedEvent[];

/** First the log is folded into all of the views, then one after the other is compared with what is there. */
export interface RebuildProgress {
  readonly views: number;
  readonly compared: number;
  readonly folded: number;
  readonly events: number;
}

/** Views are built anew already. */
export class RebuildUnderWay extends Error {
  override readonly name = "RebuildUnderWay";

  constructor() {
    super("views are being built anew already");
  }
}

export interface ControlPlane {
  readonly controlPlaneId: ControlPlaneId;
  /** Another one after each start; for the `welcome` of a data plane. */
  readonly run: string;
  /** The last committed event. Its effects are in `views`. */
  readonly head: EventId;
  /** Committed records; look-ups in memory. */
  readonly views: CatalogReader;
  readonly feed: ChangeFeed;
  readonly events: EventReader;
  /** Opens the sealed texts of records. For the `welcome` of a data plane: `sealingKeyToBase64`. */
  readonly sealingKey: SealingKey;
  /** Makes and proves what people and programs show: tokens, cookies, links. Never leaves the control plane. */
  readonly platformKey: SealingKey;
  /** Opening, rotating, throwing away. */
  readonly secrets: SecretService;
  /** Files of descriptions and artifacts. Whoever puts some holds them until an event names them. */
  readonly gatewayBlobs: BlobStore;
  /** Which gateways are connected, and how they do. Empty after a start. */
  readonly gatewayPresence: GatewayPresence;
  /**
   * Decides a command and commits. When it resolves, the events are on disk, `views` has their effects and the feed has told its subscribers (those that
   * keep up). Never rejects: a refusal is an outcome; `Internal` stands for a failure of the control plane.
   *
   * @param command taken as it comes, also from a network: members are checked, unknown ones dropped
   */
  execute<Given extends Command>(command: Given, origin: CommandOrigin): Promise<CommandOutcome<Given["type"]>>;
  /**
   * For what the control plane decides by itself (scheduling, health of nodes): a decision in a batch of its own, so that nothing happens between what it reads in `views` and its
   * commit. Its events' cause is `causation`, where given. Rejects when the log cannot be written.
   *
   * @returns the last event, or undefined when nothing was decided
   */
  decideAlone(actor: string, decide: DecideAlone): Promise<EventId | undefined>;
  /** Calls back with every batch of events in order, after they are committed and in `views`, before anything else is decided. Returns the function that ends it. */
  onCommitted(listener: (events: readonly AnyEvent[]) => void): () => void;
  /** Makes the first account and its root access key, at the first call in the life of this log; reports them at every call. */
  ensureRoot(account?: { readonly name: string; readonly accountId?: AccountId }): Promise<RootCredentials>;
  /**
   * Builds views anew from the log and compares them with the live ones (the reports say what differed). Where they differ the rebuilt ones take their place, and
   * every subscriber of the feed starts over with a snapshot.
   *
   * @param names of `CATALOG_VIEWS`: accounts, users, accessKeys, buckets; all when absent
   * @throws RebuildUnderWay while another one runs; RangeError for an unknown name
   */
  rebuild(names?: readonly string[]): Promise<readonly RebuildReport[]>;
  /** How far the rebuild is that runs now; undefined when none does. */
  rebuildProgress(): RebuildProgress | undefined;
  /** Checks the stored log, and the views against the log; changes nothing. Takes time proportional to the log. */
  verify(): Promise<Verification>;
  /** Events that a view could not take. Empty unless the log was written by another program. */
  quarantined(): Promise<readonly QuarantinedEvent[]>;
  /** Answers what was accepted, ends all subscriptions, closes the log. Closing twice is harmless. */
  close(): Promise<void>;
}
