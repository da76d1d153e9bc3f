/**
 * The text format of Prometheus, version 0.0.4, as far as our own stages speak it:
 *   name{label="value",…} number
 */
export interface Samples {
  /** The sum over all series of this name whose labels include these; 0 where there is none. */
  sum(name: string, labels?: Readonly<Record<string, string>>): number;
}

interface Sample {
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

const LINE = /^([A-Za-z_:][A-Za-z0-9_:]*)(?:\{(.*)\})? (\S+)/;
const LABEL = /([A-Za-z_][A-Za-z0-9_]*)="((?:[^"\\]|\\.)*)"/g;

export const parsePrometheusText = (text: string): Samples => {
  const byName = new Map<string, Sample[]>();
  for (const line of text.split("\n")) {
    const match = LINE.exec(line);
    const value = Number(match?.[3]);
    if (match?.[1] === undefined || !Number.isFinite(value)) continue;
    const labels = new Map(
      [...(match[2] ?? "").matchAll(LABEL)].map(([, key = "", text = ""]) => [key, text]),
    );
    byName.set(match[1], [...(byName.get(match[1]) ?? []), { labels, value }]);
  }
  return {
    sum: (name, labels = {}) => {
      const wanted = Object.entries(labels);
      return (byName.get(name) ?? [])
        .filter((sample) => wanted.every(([key, value]) => sample.labels.get(key) === value))
        .reduce((sum, { value }) => sum + value, 0);
    },
  };
};
