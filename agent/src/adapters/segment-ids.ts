import type { DatabaseSync } from "node:sqlite";

/**
 * The ids of a damaged file's segments, upwards. They grow for the file's whole life, so that millions may lie before the
 * oldest that is held: each step is a search, which reads no text. Where the page of the ids cannot be read, the next one
 * is taken from the index of the segments; where that is not whole either, it is sought behind the bad page by doubling
 * the step and halving it again (at most 53 times each), which is said as one `unreadable`.
 */
export function* segmentIds(from: DatabaseSync): Generator<number | "unreadable"> {
  const after = from.prepare("SELECT id FROM segment NOT INDEXED WHERE id > ? ORDER BY id LIMIT 1");
  const last = lastGiven(from);
  /** Null behind the last one; undefined where that cannot be told. */
  const next = (id: number): number | null | undefined => {
    const row = tried(() => after.get(id) ?? null);
    if (row === null || row === undefined) return row;
    const found = Number(row["id"]);
    // A page of somebody else's bytes may have ids that are none.
    return found > id && found <= last ? found : undefined;
  };
  let indexed: readonly number[] | "unread" | undefined = "unread";
  let at = 0;
  for (let id = 0; id < last;) {
    const found = next(id);
    if (found === null) return;
    if (found !== undefined) {
      id = found;
      yield id;
      continue;
    }
    if (indexed === "unread") indexed = fromIndex(from);
    if (indexed === undefined) {
      yield "unreadable";
      id = behind(id, last, (place) => next(place) !== undefined);
      continue;
    }
    let known = indexed[at];
    while (known !== undefined && known <= id) known = indexed[(at += 1)];
    if (known === undefined) return;
    id = known;
    yield id;
  }
}

/** The lowest place found behind `id` from which on can be read; `last` where there is none. */
const behind = (id: number, last: number, isReadable: (id: number) => boolean): number => {
  let bad = id;
  let step = 1;
  let good = Math.min(id + step, last);
  while (good < last && !isReadable(good)) {
    bad = good;
    step *= 2;
    good = Math.min(good + step, last);
  }
  while (good - bad > 1) {
    const middle = bad + Math.floor((good - bad) / 2);
    if (isReadable(middle)) good = middle;
    else bad = middle;
  }
  return good;
};

/** Undefined where a part of the index cannot be read. */
const fromIndex = (from: DatabaseSync): readonly number[] | undefined =>
  tried(() =>
    from
      .prepare("SELECT id FROM segment INDEXED BY segment_of_series")
      .all()
      .map((row) => Number(row["id"]))
      .sort((a, b) => a - b),
  );

const lastGiven = (from: DatabaseSync): number =>
  Number(
    tried(() => from.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'segment'").get()?.["seq"]) ??
      Number.MAX_SAFE_INTEGER,
  );

const tried = <T>(read: () => T): T | undefined => {
  try {
    return read();
  } catch {
    return undefined;
  }
};
