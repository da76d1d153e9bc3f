import { RoadstreamError, type Clock, type Logger, type Random } from "@roadstream/shared";
import { ServerTime } from "../object-store/server-time.ts";
import { isS3Spec, s3Settings } from "../object-store/s3-settings.ts";
import type { ObjectStore } from "../ports.ts";
import { FolderObjectStore, incomingFolder } from "./folder-object-store.ts";
import { LocalCopies, userCacheFolder } from "./local-copies.ts";
import { S3ObjectStore } from "./s3-object-store.ts";

export interface OpenStoreOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Relative paths count from where the caller stands. */
  readonly path: (text: string) => string;
}

export interface OpenedStore {
  readonly store: ObjectStore;
  /** Where files are built before they go into the store; on its own file system where it has one. */
  readonly incoming: () => Promise<string>;
}

const FILE = "file:";

/** Opens the store that a setting names: `file:DIR` or `s3://BUCKET/PREFIX`. Throws `usage` for another spelling. */
export const openStore = (spec: string, options: OpenStoreOptions): OpenedStore => {
  if (spec.startsWith(FILE) && spec.length > FILE.length)
    return openFolder(options.path(spec.slice(FILE.length)));
  if (isS3Spec(spec)) return openS3(spec, options);
  throw new RoadstreamError("usage", `not a lake: ${spec}`, { hint: "file:DIR or s3://BUCKET/PREFIX" });
};

const openFolder = (folder: string): OpenedStore => ({
  store: new FolderObjectStore({ folder }),
  incoming: () => incomingFolder(folder),
});

/** Asks nobody, and loads no client, before it is used. */
const openS3 = (spec: string, options: OpenStoreOptions): OpenedStore => {
  const settings = s3Settings(spec, options.env);
  const { cacheFolder, cacheLimitBytes: limitBytes } = settings;
  const folder = cacheFolder === null ? userCacheFolder(options.env) : options.path(cacheFolder);
  const copies = new LocalCopies({ ...options, folder, limitBytes });
  const time = new ServerTime(options.clock);
  const connect = async () => {
    const { SdkS3Requests } = await import("./sdk-s3-requests.ts");
    return new SdkS3Requests(settings, (at) => time.hear(at));
  };
  const store = new S3ObjectStore({ ...options, settings, connect, copies, time });
  const incoming = async (): Promise<string> => {
    await store.checkForWriting();
    return copies.incoming();
  };
  return { store, incoming };
};
