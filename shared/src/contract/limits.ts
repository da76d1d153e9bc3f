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
/** A zstd body may not grow more than this, nor beyond {@link MAX_BODY_BYTES}. */
export const MAX_EXPANSION = 100;
export const MAX_BODY_BYTES = 8 * 1024 * 1024;
/** Bytes of one partition in one send to Kafka, and of one message. */
export const MAX_LOG_SEND_BYTES = 900 * 1024;
export const MAX_LOG_RECORD_BYTES = 1024 * 1024;
/** A table commit ends a batch at the first of these. */
export const MAX_BATCH_BYTES = 64 * 1024 * 1024;
export const MAX_BATCH_ROWS = 200_000;
