/** Every limit of the data path, by name. Passing one is a counted, named outcome. */

/** One MQTT publish (the AWS IoT Core limit). */
export const MAX_PUBLISH_BYTES = 128 * 1024;
/** One JPEG; base64 makes it 120,000 characters, which with its record stays below {@link MAX_PUBLISH_BYTES}. */
export const MAX_PICTURE_BYTES = 90_000;
/** Text in an agent event, checkpoints included. */
export const MAX_EVENT_DETAIL = 65_536;
/** The header line of a payload. */
export const MAX_HEADER_BYTES = 2048;
/** Records in one publish. */
export const MAX_RECORDS_PER_PUBLISH = 10_000;
/** A zstd body may not grow more than this many times, nor beyond {@link MAX_BODY_BYTES}. */
export const MAX_EXPANSION = 100;
/** A body, decompressed. */
export const MAX_BODY_BYTES = 8 * 1024 * 1024;
/** A batch is committed to its table once it holds this much. */
export const MAX_BATCH_BYTES = 64 * 1024 * 1024;
/** A batch is committed to its table once it has so many rows. */
export const MAX_BATCH_ROWS = 200_000;
