import type { Words } from "./words.ts";

/**
 * Which rows are looked at: all, or those of some vehicles' spans of time, each computed as if there were nothing else.
 * `spans` names a table with vehicle_id, from_ms, until_ms (both within) and the same as times, from_at and until_at.
 */
export type Scope = { readonly kind: "all" } | { readonly kind: "spans"; readonly table: string };

export const EVERYTHING: Scope = { kind: "all" };

/** A step on the way from the streams to the facts: one SELECT over streams and other relations, which know it by its name. */
export interface Relation {
  readonly name: string;
  /** The relations that it reads. */
  readonly reads: readonly Relation[];
  readonly select: (words: Words, scope: Scope) => string;
}

/** All that these relations read, and they themselves, each once and behind what it reads. */
export const withSources = (relations: readonly Relation[]): readonly Relation[] => {
  const found = new Set<Relation>();
  const add = (relation: Relation): void => {
    relation.reads.forEach(add);
    found.add(relation);
  };
  relations.forEach(add);
  return [...found];
};

/** `WITH` clauses of just these relations; empty for none. */
export const clausesOf = (relations: readonly Relation[], words: Words, scope: Scope): string => {
  const clauses = relations.map(({ name, select }) => `${name} AS (\n${select(words, scope)}\n)`);
  return clauses.length === 0 ? "" : `WITH ${clauses.join(",\n")}\n`;
};

/** `WITH` clauses for all that a SELECT over these relations needs. */
export const withClauses = (relations: readonly Relation[], words: Words, scope: Scope): string =>
  clausesOf(withSources(relations), words, scope);
