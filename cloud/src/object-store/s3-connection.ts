import type { S3Line } from "./s3-line.ts";
import type { S3Requests } from "./s3-requests.ts";
import type { S3Settings } from "./s3-settings.ts";

export interface S3ConnectionOptions {
  readonly settings: S3Settings;
  /** Loads the client. */
  readonly connect: () => Promise<S3Requests>;
  readonly line: S3Line;
}

/** The client, loaded and tried at the first use; a use that fails leaves the next one to try again. */
export class S3Connection {
  readonly #options: S3ConnectionOptions;
  #tried: Promise<S3Requests> | null = null;

  constructor(options: S3ConnectionOptions) {
    this.#options = options;
  }

  /** Throws `refused` with a hint when the bucket is not there or may not be used. */
  requests(): Promise<S3Requests> {
    return (this.#tried ??= this.#try().catch((error: unknown) => {
      this.#tried = null;
      throw error;
    }));
  }

  async close(): Promise<void> {
    const requests = await this.#tried?.catch(() => null);
    requests?.close();
  }

  /** Listing is what the lake lives on, and unlike HeadBucket it says in words what is wrong. */
  async #try(): Promise<S3Requests> {
    const { settings, connect, line } = this.#options;
    const requests = await connect();
    const { bucket, prefix } = settings;
    try {
      await line.repeated(`open bucket ${bucket}`, 0, (signal) =>
        requests.list({ prefix, limit: 1, from: null }, signal),
      );
      return requests;
    } catch (error) {
      requests.close();
      throw error;
    }
  }
}
