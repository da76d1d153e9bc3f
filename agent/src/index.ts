export { parseDeviceSpec, type DeviceSpec } from "./device-spec.ts";
export { gpsReading } from "./gps/gps-reading.ts";
export { GpsSource, type GpsSourceOptions } from "./gps/gps-source.ts";
export { ReceiverTimeTrust } from "./gps/receiver-time-trust.ts";
export type { Epoch } from "./nmea/epoch.ts";
export { fixOf, reportsFix, type Fix } from "./nmea/fix.ts";
export { NmeaParser, type NmeaCounts } from "./nmea/nmea-parser.ts";
export { ReceiverCalendar } from "./nmea/receiver-calendar.ts";
export type { SampledReading, SampledReadingOf, Source, SourceEvents } from "./ports.ts";
