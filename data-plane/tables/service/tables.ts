/** The tables as operations find them: by name or ARN, with the engine brought up to what the catalog says. */
import type { AccountId, TableRecord } from "#contracts";
import type { CallContext } from "#data-plane/service";
import { resourceNotFound, tableNotFound } from "../errors.ts";
import type { TablePlace } from "../rules/arns.ts";
import { isTableArn, placeOf } from "../rules/table-name.ts";
import type { TablesEnvironment } from "./environment.ts";
import { TableView } from "./table-view.ts";

export class Tables {
  readonly #environment: Pick<TablesEnvironment, "catalog" | "engine">;
  readonly #views = new WeakMap<TableRecord, TableView>();
  readonly #ensuring = new WeakMap<TableView, Promise<void>>();

  constructor(environment: Pick<TablesEnvironment, "catalog" | "engine">) {
    this.#environment = environment;
  }

  viewOf(record: TableRecord): TableView {
    let view = this.#views.get(record);
    if (view === undefined) {
      view = new TableView(record);
      this.#views.set(record, view);
    }
    return view;
  }

  /** Where a valid `TableName` points. */
  placeOf(tableName: string, context: Pick<CallContext, "caller" | "region">): TablePlace {
    return placeOf(tableName, accountOf(context), context.region);
  }

  /** Undefined where there is no such table. Tables of other regions are out of reach: an endpoint serves its own. */
  find(tableName: string, context: Pick<CallContext, "caller" | "region">): TableView | undefined {
    const { caller, region } = context;
    if (!isTableArn(tableName) && caller.type !== "anonymous") {
      const record = this.#environment.catalog.table(caller.accountId, region, tableName);
      return record === undefined ? undefined : this.viewOf(record);
    }
    return this.at(this.placeOf(tableName, context), region);
  }

  /** The table at a place, when it is in the region of the request. */
  at(place: TablePlace, region: string): TableView | undefined {
    if (place.region !== region) return undefined;
    const record = this.#environment.catalog.table(place.accountId, place.region, place.name);
    return record === undefined ? undefined : this.viewOf(record);
  }

  /** For operations on items. @throws AwsError ResourceNotFoundException */
  forItems(tableName: string, context: Pick<CallContext, "caller" | "region">): TableView {
    const view = this.find(tableName, context);
    if (view === undefined || (view.restoring && !view.ready)) throw resourceNotFound();
    return view;
  }

  /** For operations on the table. @throws AwsError ResourceNotFoundException, naming the table */
  forControl(tableName: string, context: Pick<CallContext, "caller" | "region">): TableView {
    const view = this.find(tableName, context);
    if (view === undefined) throw tableNotFound(this.placeOf(tableName, context).name);
    return view;
  }

  /**
   * Brings the engine up to the record. Operations on items wait for it when `view.ready` is not yet true.
   * @throws TableEngineError
   */
  ensure(view: TableView): Promise<void> {
    // Whoever restores a table makes it.
    if (view.restoring) return Promise.resolve();
    let ensuring = this.#ensuring.get(view);
    if (ensuring === undefined) {
      ensuring = this.#environment.engine.ensure(view.definition).then(() => {
        view.ready = true;
      });
      this.#ensuring.set(view, ensuring);
      // The next one to ask tries again.
      ensuring.catch(() => this.#ensuring.delete(view));
    }
    return ensuring;
  }
}

/** Nobody without a key gets as far as this service's operations. */
export function accountOf({ caller }: Pick<CallContext, "caller">): AccountId {
  if (caller.type === "anonymous") throw new TypeError("DynamoDB has no anonymous operations");
  return caller.accountId;
}
