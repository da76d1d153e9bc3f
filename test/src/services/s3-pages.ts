import type { OpenedLake } from "@roadstream/cloud/testing";
import { expect, test } from "vitest";
import type { S3Bed } from "./s3-bed.ts";

export interface S3PagesOptions {
  readonly bed: () => S3Bed;
  /** Makes empty objects, as fast as this server can. */
  readonly putEmpty: (lake: OpenedLake, keys: readonly string[]) => Promise<void>;
}

/** S3 lists, and deletes, a thousand keys at most in one request. */
export const s3Pages = ({ bed, putEmpty }: S3PagesOptions): void => {
  test("more than a page is listed whole and in order, more than a batch is deleted", async () => {
    await using lake = bed().open();
    const keys = Array.from({ length: 2100 }, (_, i) => `many/${String(i).padStart(5, "0")}`);
    await putEmpty(lake, keys);
    await lake.store.get("warm");
    bed().heal();
    const found: string[] = [];
    for await (const { key } of lake.store.list("many/")) found.push(key);
    expect(found).toEqual(keys);
    expect(bed().line.requests.filter(({ query }) => query.has("list-type")).length).toBe(3);
    bed().heal();
    await lake.store.delete(keys);
    expect(bed().line.requests.filter(({ query }) => query.has("delete")).length).toBe(3);
    for await (const { key } of lake.store.list("")) expect(key).toBeNull();
  });
};
