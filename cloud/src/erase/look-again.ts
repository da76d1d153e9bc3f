import { filesHolding, forget, type EraseContext } from "./erase-rows.ts";
import { objectsHolding } from "./objects-holding.ts";
import { dataHolding, listObjects, namedKeys, withoutNamed, type TableObjects } from "./table-objects.ts";

/** What is found of a vehicle. */
export interface FoundAgain {
  /** Rows in the table: they landed since. */
  readonly rows: number;
  /** Log partitions whose ledger knows it: readings of it were judged since, perhaps all refused. */
  readonly ledgers: number;
  /** Data files that only another branch or a tag of the table keeps. */
  readonly kept: number;
  /**
   * Objects that nobody names: put after the listing by work that is void, or by new work about to land readings which
   * were never there before. Which of the two, only another fence tells.
   */
  readonly loose: TableObjects;
}

/** The table as anybody finds it now, and all of the store. Listed first: what lands meanwhile is named then. */
export const lookAgain = async (context: EraseContext): Promise<FoundAgain> => {
  const { table } = context;
  const listed = await listObjects(context);
  const head = await table.head();
  const live = await filesHolding(context, head);
  const { partitions } = await forget(context, { head, holding: live, commitId: "", mode: "look" });
  const named = await namedKeys(context, head);
  const isLive = new Set(live.map(({ file }) => file.key));
  const kept = await dataHolding(
    context,
    listed.data.filter((key) => named.has(key) && !isLive.has(key)),
  );
  return {
    rows: live.reduce((sum, { rows }) => sum + rows, 0),
    ledgers: Object.keys(partitions).length,
    kept: kept.length,
    loose: await objectsHolding(context, withoutNamed(listed, named)),
  };
};
