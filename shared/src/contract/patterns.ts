export const VEHICLE_ID_PATTERN = "[A-Za-z0-9_-]{1,64}";
/** UUID version 7, RFC 9562 §5.7, lower case. */
export const BOOT_ID_PATTERN = "[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";
/** A name for cameras, stations, incidents: safe in paths and topics. */
export const NAME_PATTERN = "[A-Za-z0-9_.:-]{1,128}";

/** In JSON such a character stands for itself. */
export const PLAIN_CHARACTER = String.raw`[ !#-\[\]-~]`;
