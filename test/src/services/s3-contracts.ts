import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileCatalogContract } from "@roadstream/cloud/lake/catalog-contract";
import { objectStoreContract } from "@roadstream/cloud/object-store/contract";
import { systemClock } from "@roadstream/shared/adapters";
import type { S3LineRequest } from "./faulty-s3-line.ts";
import { s3Damage } from "./s3-damage.ts";
import { s3LargeObjects } from "./s3-large-objects.ts";
import { s3Pages, type S3PagesOptions } from "./s3-pages.ts";

const deletedKey = ({ body }: S3LineRequest): string =>
  /<Key>([^<]*)<\/Key>/.exec(body.toString("utf8"))?.[1] ?? "";

/** What the lake needs of an S3 server, through a line that fails. `bed` is asked for when the tests run. */
export const s3Contracts = (name: string, options: S3PagesOptions): void => {
  const { bed } = options;
  objectStoreContract(`s3, ${name}`, async () => {
    const spec = bed().fresh();
    const folder = await mkdtemp(join(bed().scratch, "files-"));
    let files = 0;
    return {
      open: () => Promise.resolve(bed().open(spec).store),
      file: async (text) => {
        const file = join(folder, `file-${(files += 1)}`);
        await writeFile(file, text);
        return { file, size: text.length };
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  });

  fileCatalogContract(`s3, ${name}`, () => {
    const spec = bed().fresh();
    const { line } = bed();
    const root = spec.split("/").slice(3).join("/").length + 1;
    return Promise.resolve({
      clock: systemClock(),
      open: () => Promise.resolve(bed().open(spec).store),
      fault: (of) => {
        line.fault = (request) => {
          if (request.headers["if-none-match"] === "*") return of("putIfAbsent", request.key.slice(root));
          return request.query.has("delete") ? of("delete", deletedKey(request).slice(root)) : null;
        };
      },
      deliverLate: () => line.deliverLate(),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  });

  s3LargeObjects(bed);
  s3Damage(bed);
  s3Pages(options);
};
