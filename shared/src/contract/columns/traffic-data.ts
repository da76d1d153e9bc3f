import { added, oneOf, optional, required } from "../column.ts";
import { MAX_PICTURE_BYTES } from "../limits.ts";
import { NAME_PATTERN } from "../patterns.ts";
import { position } from "./position.ts";

export const TRIGGERS = ["interval", "event", "request"] as const;

export const TRAFFIC_DATA_COLUMNS = [
  required(101, "camera_id", "string", "Which camera.", { pattern: NAME_PATTERN, maxLength: 128 }),
  ...position(102, " of the last fix younger than 5 s, else null"),
  oneOf(104, "trigger", TRIGGERS, { nullable: false }, "Why it was taken."),
  oneOf(105, "media_type", ["image/jpeg"] as const, { nullable: false }, "IANA media type."),
  optional(106, "width_px", "int32", "Picture width.", { unit: "px", min: 1, max: 65_535 }),
  optional(107, "height_px", "int32", "Picture height.", { unit: "px", min: 1, max: 65_535 }),
  required(108, "size_bytes", "int32", "Size of the picture.", {
    unit: "bytes",
    min: 1,
    max: MAX_PICTURE_BYTES,
  }),
  required(
    109,
    "snapshot",
    "bytes",
    "The JPEG, base64 on the wire and in the log; in the lake an object named by snapshot_key.",
    {
      maxLength: MAX_PICTURE_BYTES,
      inLake: false,
    },
  ),
  added(
    110,
    "snapshot_key",
    "string",
    { nullable: false, origin: "cloud" },
    "The picture's object key below the lake's root.",
    { maxLength: 512 },
  ),
  added(
    111,
    "sha256",
    "string",
    { nullable: false, origin: "cloud" },
    "SHA-256 of the picture's bytes, computed by the cloud stage.",
    { pattern: "[0-9a-f]{64}", maxLength: 64 },
  ),
] as const;
