/** A row of the outbox file, by column. */
export type Values = Readonly<Record<string, unknown>>;

/** A page of somebody else's bytes in the middle of a text breaks no rule of SQLite's. */
export const isLaidOut = (segment: Values): boolean => {
  const text = String(segment["text"]);
  const firstSeq = Number(segment["first_seq"]);
  const lines = text.split("\n");
  return (
    text.length === segment["size"] &&
    lines.length === Number(segment["last_seq"]) - firstSeq + 1 &&
    lines.every((line, index) => line.startsWith(`{"seq":${firstSeq + index},`))
  );
};

/** Laid out, and each line is JSON: the closer look, for files that are held to be damaged. */
export const isWholeSegment = (segment: Values): boolean =>
  isLaidOut(segment) && String(segment["text"]).split("\n").every(isJson);

/** Whether the ranges of a series can be read. */
export const isWholeSeries = (series: Values): boolean =>
  [series["acknowledged"], series["dropped"]].every((ranges) => isJson(String(ranges)));

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};
