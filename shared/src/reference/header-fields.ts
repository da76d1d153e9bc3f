/** What each field of a payload's header line means, for the reference page; a test compares it with the line itself. */
export const HEADER_FIELDS: Readonly<Record<string, string>> = {
  roadstream: "Version of the payload; another one is refused with its range.",
  vehicle_id: "The vehicle, as in the topic and the MQTT client id.",
  boot_id: "The boot that gave the numbers.",
  stream: "The stream, as in the topic.",
  first_seq: "First number of the range that the publish stands for.",
  last_seq: "Last number of it.",
  count: "Records in the body.",
  sent_uptime_ms: "The sender's monotonic clock when it sent.",
  machine_boot: "The machine boot that this clock counts from.",
  encoding: "`plain` or `zstd`: how the body is written.",
  agent: "The agent's version, for people.",
};
