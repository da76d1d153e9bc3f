import { MAX_RECORDS_PER_PUBLISH, SeqRanges, type SeqRange } from "@roadstream/shared";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { judgeSeries, type SeriesEvidence, type SeriesVerdict } from "./judge-series.ts";
import { joinStatements, seriesStatement, type SeriesStatement } from "./series-statement.ts";

const of = (...ranges: SeqRange[]): SeqRanges => SeqRanges.of(ranges);
const NOTHING: SeriesEvidence = {
  statement: null,
  landed: of(),
  rows: of(),
  rejected: of(),
  erased: of(),
  dropped: of(),
  inLog: null,
  claimed: of(),
  hasPassed: true,
  isReplaced: false,
  isRemovalKnown: true,
  isForgotten: false,
};
const said = (given: number, acknowledged: SeqRange[], held: SeqRange[] = [], dropped: SeqRange[] = []) =>
  seriesStatement({
    given,
    acknowledged: acknowledged.map(([from, to]) => [from, to]),
    held: held.map(([from, to]) => [from, to]),
    dropped: dropped.map(([from, to]) => ({ from, to, reason: "too_old" })),
  });
const landed = (...ranges: SeqRange[]): Pick<SeriesEvidence, "landed" | "rows"> => ({
  landed: of(...ranges),
  rows: of(...ranges),
});

const CATEGORIES = [
  "landed",
  "removed",
  "rejected",
  "declaredGap",
  "inLog",
  "inCar",
  "unknown",
  "lost",
] as const satisfies (keyof SeriesVerdict)[];
/** Only the categories that hold something. */
const plain = (verdict: SeriesVerdict): Record<string, unknown> => ({
  given: verdict.given,
  ...Object.fromEntries(
    CATEGORIES.filter((category) => verdict[category].pieces > 0).map((category) => [
      category,
      verdict[category].toJSON(),
    ]),
  ),
});
const expectPartition = (verdict: SeriesVerdict): void => {
  const all = new SeqRanges();
  let size = 0;
  for (const category of CATEGORIES) {
    all.addAll(verdict[category]);
    size += verdict[category].size;
  }
  expect([size, all.toJSON()]).toEqual([verdict.given, verdict.given === 0 ? [] : [[1, verdict.given]]]);
};

describe("a series", () => {
  const cases: [string, Partial<SeriesEvidence>, Record<string, unknown>][] = [
    ["of which nothing is known is empty", {}, { given: 0 }],
    ["landed", { statement: said(5, [[1, 5]]), ...landed([1, 5]) }, { given: 5, landed: [[1, 5]] }],
    [
      "landed beyond the newest checkpoint counts as given; what that leaves open is not known yet",
      { statement: said(3, [[1, 3]]), ...landed([1, 3], [6, 7]) },
      {
        given: 7,
        landed: [
          [1, 3],
          [6, 7],
        ],
        unknown: [[4, 5]],
      },
    ],
    [
      "without a checkpoint has holes of which nobody speaks",
      landed([1, 2], [4, 4]),
      {
        given: 4,
        landed: [
          [1, 2],
          [4, 4],
        ],
        unknown: [[3, 3]],
      },
    ],
    [
      "rejected, unless a copy landed",
      { statement: said(4, [[1, 4]]), ...landed([1, 2]), rejected: of([2, 4]) },
      { given: 4, landed: [[1, 2]], rejected: [[3, 4]] },
    ],
    [
      "declares gaps in checkpoints and in events, unless they landed",
      { statement: said(5, [], [], [[1, 2]]), ...landed([2, 2]), dropped: of([3, 5]) },
      {
        given: 5,
        landed: [[2, 2]],
        declaredGap: [
          [1, 1],
          [3, 5],
        ],
      },
    ],
    [
      "acknowledged, and the tables have not come so far",
      { statement: said(4, [[1, 4]]), ...landed([1, 1]), hasPassed: false },
      { given: 4, landed: [[1, 1]], inLog: [[2, 4]] },
    ],
    [
      "acknowledged, and the tables have passed: lost",
      { statement: said(4, [[1, 4]]), ...landed([1, 1], [4, 4]) },
      {
        given: 4,
        landed: [
          [1, 1],
          [4, 4],
        ],
        lost: [[2, 3]],
      },
    ],
    [
      "acknowledged, the tables have passed, and a rebuilt ledger may have forgotten: nobody knows",
      { statement: said(4, [[1, 3]]), ...landed([1, 1]), isForgotten: true },
      { given: 4, landed: [[1, 1]], unknown: [[2, 3]], lost: [[4, 4]] },
    ],
    [
      "looked for in the log: there, or lost however far the tables are",
      { statement: said(4, [[1, 4]]), ...landed([1, 1]), inLog: of([3, 5]), hasPassed: false },
      { given: 5, landed: [[1, 1]], inLog: [[3, 5]], lost: [[2, 2]] },
    ],
    [
      "held in the car, unless it came on since",
      { statement: said(6, [[1, 2]], [[3, 6]]), ...landed([1, 4]) },
      { given: 6, landed: [[1, 4]], inCar: [[5, 6]] },
    ],
    [
      "held by an outbox that was replaced: nobody knows",
      { statement: said(6, [[1, 2]], [[3, 6]]), ...landed([1, 2]), isReplaced: true },
      { given: 6, landed: [[1, 2]], unknown: [[3, 6]] },
    ],
    [
      "given, and then in no state at all: the car lost it",
      { statement: said(3, [[1, 1]], [[3, 3]]), ...landed([1, 1]) },
      { given: 3, landed: [[1, 1]], inCar: [[3, 3]], lost: [[2, 2]] },
    ],
    [
      "held once, and then in no state at all",
      {
        statement: joinStatements(said(3, [[1, 1]], [[2, 3]]), said(3, [[1, 1]], [[3, 3]])),
        ...landed([1, 1]),
      },
      { given: 3, landed: [[1, 1]], inCar: [[3, 3]], lost: [[2, 2]] },
    ],
    [
      "a row that is gone, as other engines' commits say",
      { statement: said(3, [[1, 3]]), landed: of([1, 3]), rows: of([1, 1], [3, 3]) },
      {
        given: 3,
        landed: [
          [1, 1],
          [3, 3],
        ],
        removed: [[2, 2]],
      },
    ],
    [
      "a row that is gone and nobody says why: lost",
      { landed: of([1, 3]), rows: of([1, 1], [3, 3]), isRemovalKnown: false },
      {
        given: 3,
        landed: [
          [1, 1],
          [3, 3],
        ],
        lost: [[2, 2]],
      },
    ],
    [
      "what was erased is removed, whatever else is missing; beyond it a car without a word is not known",
      {
        erased: of([1, 4]),
        rejected: of([6, 6]),
        landed: of([7, 8]),
        rows: of([8, 8]),
        isRemovalKnown: false,
      },
      {
        given: 8,
        landed: [[8, 8]],
        removed: [[1, 4]],
        rejected: [[6, 6]],
        lost: [[7, 7]],
        unknown: [[5, 5]],
      },
    ],
    [
      "another engine's rows fill a hole, but give no numbers",
      { statement: said(3, [[1, 3]]), landed: of([1, 2]), rows: of([1, 3], [90, 99]) },
      { given: 3, landed: [[1, 3]] },
    ],
    [
      "refusals give numbers as far as one publish can reach, and no further",
      { ...landed([1, 2]), rejected: of([3, 9_000_000_000_000_000]) },
      {
        given: 2 + MAX_RECORDS_PER_PUBLISH,
        landed: [[1, 2]],
        rejected: [[3, 2 + MAX_RECORDS_PER_PUBLISH]],
      },
    ],
    [
      "claims of waiting letters give numbers as far as one publish can reach, records as far as they come",
      { ...landed([1, 2]), inLog: of([3, 30_000]), claimed: of([30_001, 9_000_000_000_000_000]) },
      {
        given: 30_000 + MAX_RECORDS_PER_PUBLISH,
        landed: [[1, 2]],
        inLog: [[3, 30_000 + MAX_RECORDS_PER_PUBLISH]],
      },
    ],
  ];
  test.each(cases)("%s", (_, evidence, expected) => {
    const verdict = judgeSeries({ ...NOTHING, ...evidence });
    expect(plain(verdict)).toEqual(expected);
    expectPartition(verdict);
  });

  test("awaits of the log what a checkpoint called acknowledged, not what came after it", () => {
    const evidence = { ...NOTHING, statement: said(4, [[1, 2]], [[3, 4]]), inLog: of([2, 6]) };
    expect(judgeSeries(evidence).awaited.toJSON()).toEqual([[2, 2]]);
  });
});

/** A car, a log and a lake that do nothing wrong, step by step; lanes have no order. */
class Path {
  readonly said: SeriesStatement[] = [];
  readonly #acknowledged = of();
  readonly #dropped = of();
  readonly #refused = new Set<number>();
  readonly #log: (number | SeriesStatement)[] = [];
  readonly #unsent: SeriesStatement[] = [];
  readonly #landed = of();
  readonly #rejected = of();
  #given = 0;
  #next = 0;
  #ends = 0;
  #statement: SeriesStatement | null = null;

  step(kind: string, pick: number): void {
    if (kind === "give") this.#given += 1 + (pick % 3);
    else if (kind === "checkpoint") this.#say();
    else if (kind === "send_checkpoint")
      this.#log.push(...this.#unsent.splice(pick % Math.max(1, this.#unsent.length), 1));
    else if (kind === "land") this.#land(pick % 8);
    else this.#move(kind, pick);
  }

  /** Until all that was sent has landed, and the car has said so. */
  settle(): void {
    this.#say();
    this.#log.push(...this.#unsent.splice(0));
    this.#land(this.#log.length);
  }

  evidence(looksInLog: boolean): SeriesEvidence {
    const waiting = this.#log.slice(this.#next).filter((entry) => typeof entry === "number");
    return {
      ...NOTHING,
      statement: this.#statement,
      landed: this.#landed.clone(),
      rows: this.#landed.clone(),
      rejected: this.#rejected.minus(this.#landed),
      inLog: looksInLog ? SeqRanges.of(waiting.map((seq) => [seq, seq] as const)) : null,
      hasPassed: this.#next >= this.#ends,
    };
  }

  #held(): SeqRanges {
    const all = SeqRanges.of(this.#given === 0 ? [] : [[1, this.#given]]);
    return all.minus(this.#acknowledged).minus(this.#dropped);
  }

  #say(): void {
    const statement = {
      given: this.#given,
      acknowledged: this.#acknowledged.clone(),
      dropped: this.#dropped.clone(),
      held: this.#held(),
    };
    this.said.push(statement);
    this.#unsent.push(statement);
  }

  #move(kind: string, pick: number): void {
    const held = numbers(this.#held());
    const seq = held[pick % Math.max(1, held.length)];
    if (seq === undefined) return;
    if (kind === "drop") {
      this.#dropped.add(seq);
      return;
    }
    this.#log.push(seq);
    if (kind === "publish_refused") this.#refused.add(seq);
    // Else the acknowledgement was lost, and it may come again.
    if (kind !== "publish_only") this.#acknowledged.add(seq);
  }

  #land(count: number): void {
    for (let i = 0; i < count && this.#next < this.#log.length; i += 1) {
      const entry = this.#log[this.#next];
      this.#next += 1;
      if (typeof entry === "number") (this.#refused.has(entry) ? this.#rejected : this.#landed).add(entry);
      else if (entry !== undefined) {
        this.#statement = this.#statement === null ? entry : joinStatements(this.#statement, entry);
        this.#ends = this.#log.length;
      }
    }
  }
}

const numbers = (set: SeqRanges): number[] =>
  [...set].flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i));

const KINDS = [
  "give",
  "give",
  "checkpoint",
  "send_checkpoint",
  "land",
  "land",
  "drop",
  "publish",
  "publish",
  "publish_refused",
  "publish_only",
] as const;
const histories = fc.array(fc.tuple(fc.constantFrom(...KINDS), fc.nat({ max: 1000 })), { maxLength: 120 });
const walk = (steps: readonly (readonly [string, number])[]): Path => {
  const path = new Path();
  for (const [kind, pick] of steps) path.step(kind, pick);
  return path;
};

describe("for any history", () => {
  test("the categories partition 1..given, and a system that does nothing wrong is accused of nothing", () => {
    fc.assert(
      fc.property(histories, fc.boolean(), (steps, looksInLog) => {
        const verdict = judgeSeries(walk(steps).evidence(looksInLog));
        expectPartition(verdict);
        expect(verdict.lost.toJSON()).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  test("an acknowledged number that vanishes is lost, with and without a look into the log", () => {
    let judged = 0;
    fc.assert(
      fc.property(histories, fc.nat(), fc.boolean(), (steps, pick, looksInLog) => {
        const path = walk(steps);
        path.settle();
        const evidence = path.evidence(looksInLog);
        const known = numbers(evidence.statement?.acknowledged.intersect(evidence.landed) ?? of());
        const seq = known[pick % Math.max(1, known.length)];
        if (seq === undefined) return;
        evidence.landed.remove(seq);
        evidence.rows.remove(seq);
        const verdict = judgeSeries(evidence);
        expectPartition(verdict);
        expect(verdict.lost.toJSON()).toEqual([[seq, seq]]);
        judged += 1;
      }),
      // Fewer than a quarter of the histories have such a number.
      { numRuns: 500 },
    );
    expect(judged).toBeGreaterThan(10);
  });

  test("checkpoints say together what the newest says, in whatever order they come", () => {
    fc.assert(
      fc.property(histories, fc.array(fc.nat(), { minLength: 40, maxLength: 40 }), (steps, order) => {
        const path = walk(steps);
        path.settle();
        const shuffled = path.said
          .map((statement, i) => [order[i % order.length] ?? 0, statement] as const)
          .sort(([a], [b]) => a - b)
          .map(([, statement]) => statement);
        expect(shuffled.reduce(joinStatements)).toEqual(path.said.at(-1));
      }),
    );
  });
});
