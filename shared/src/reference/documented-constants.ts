/** A numeric constant with the comment above it. */
export interface DocumentedConstant {
  readonly name: string;
  readonly value: number;
  readonly doc: string;
}

const CONSTANT = /\/\*\*((?:(?!\*\/).)*)\*\/\s*export const ([A-Z0-9_]+) =/gs;

const plain = (comment: string): string =>
  comment
    .replaceAll(/\n\s*\*/g, "\n")
    .replaceAll(/\{@link (\w+)\}/g, "`$1`")
    .replaceAll(/\s+/g, " ")
    .trim();

/** The module's exported numbers in the order of its text. Throws where one has no comment of its own. */
export const documentedConstants = (
  text: string,
  module: Readonly<Record<string, unknown>>,
): readonly DocumentedConstant[] => {
  const found = [...text.matchAll(CONSTANT)].flatMap(([, comment = "", name = ""]) => {
    const value = module[name];
    return typeof value === "number" ? [{ name, value, doc: plain(comment) }] : [];
  });
  const documented = new Set(found.map(({ name }) => name));
  const bare = Object.keys(module).filter(
    (name) => typeof module[name] === "number" && !documented.has(name),
  );
  if (bare.length > 0) throw new Error(`no comment says what ${bare.join(", ")} means`);
  return found;
};
