import { RoadstreamError, type Random } from "@roadstream/shared";
import type { GlueContent, GlueEntry, GlueTables } from "../lake/glue-tables.ts";

/** What the network does to one request; as of the store in memory. */
export type GlueFault = "lost_request" | "lost_answer" | "late" | "repeated";
export type GlueOperation = "get" | "create" | "replace";

interface Replacement {
  readonly table: string;
  readonly versionId: string;
  readonly content: GlueContent;
}

/** Glue's tables in memory, with its compare-and-set. Each request is sent, carried out, and answered. */
export class MemoryGlueTables implements GlueTables {
  readonly database = "lake";
  /** Fault knob: null for a healthy request. */
  fault: (operation: GlueOperation) => GlueFault | null = () => null;
  /** Fault knob: awaited before a request is carried out and again before its answer. */
  pause: () => Promise<void> = () => Promise.resolve();
  readonly #entries: Map<string, GlueEntry & { readonly content: GlueContent }>;
  readonly #late: Replacement[];

  constructor(sharedWith: MemoryGlueTables | null = null) {
    this.#entries = sharedWith === null ? new Map() : sharedWith.#entries;
    this.#late = sharedWith === null ? [] : sharedWith.#late;
  }

  content(table: string): GlueContent | null {
    return this.#entries.get(table)?.content ?? null;
  }

  drop(table: string): void {
    this.#entries.delete(table);
  }

  async get(table: string): Promise<GlueEntry | null> {
    await this.pause();
    if (this.fault("get") !== null) throw new RoadstreamError("unavailable", `GetTable ${table}: no answer`);
    return this.#entries.get(table) ?? null;
  }

  async create(table: string, content: GlueContent): Promise<"created" | "exists" | "unknown"> {
    await this.pause();
    const fault = this.fault("create");
    if (fault === "lost_request" || fault === "late") return "unknown";
    const isThere = this.#entries.has(table);
    if (!isThere) this.#entries.set(table, { versionId: "0", parameters: content.parameters, content });
    await this.pause();
    if (fault === "lost_answer") return "unknown";
    return isThere || fault === "repeated" ? "exists" : "created";
  }

  async replace(
    table: string,
    versionId: string,
    content: GlueContent,
  ): Promise<"replaced" | "moved_on" | "unknown"> {
    await this.pause();
    const fault = this.fault("replace");
    if (fault === "lost_request") return "unknown";
    if (fault === "late") {
      this.#late.push({ table, versionId, content });
      return "unknown";
    }
    const first = this.#replace({ table, versionId, content });
    await this.pause();
    if (fault === "lost_answer") return "unknown";
    return fault === "repeated" ? this.#replace({ table, versionId, content }) : first;
  }

  /** Carries out one request that was delayed, chosen at random, and says what came of it; null when there is none. */
  deliverLate(random: Random): "replaced" | "moved_on" | null {
    const [request] = this.#late.splice(Math.floor(random.next() * this.#late.length), 1);
    return request === undefined ? null : this.#replace(request);
  }

  #replace({ table, versionId, content }: Replacement): "replaced" | "moved_on" {
    const entry = this.#entries.get(table);
    if (entry?.versionId !== versionId) return "moved_on";
    const parameters = { ...entry.parameters, ...content.parameters };
    this.#entries.set(table, { versionId: String(Number(versionId) + 1), parameters, content });
    return "replaced";
  }
}
