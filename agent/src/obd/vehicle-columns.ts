import type { OwnColumns } from "@roadstream/shared";
import { modelYear } from "./vin.ts";
import type { BookPage } from "./value-book.ts";

/** What the owner says of the car; the car itself tells neither make nor model. */
export interface CarDescription {
  readonly make: string | null;
  readonly model: string | null;
  readonly year: number | null;
  readonly fuelType: string | null;
}

export interface Position {
  readonly latitude: number;
  readonly longitude: number;
}

/** The own columns of vehicle_data. `position`: a fix younger than 5 s, else null. */
export const vehicleColumns = (
  page: BookPage,
  car: CarDescription,
  position: Position | null,
): OwnColumns<"vehicle_data"> => {
  const vin = page.text("vin");
  return {
    latitude: position?.latitude ?? null,
    longitude: position?.longitude ?? null,
    speed_kmh: page.number("speed_kmh"),
    engine_rpm: page.number("engine_rpm"),
    engine_load_pct: page.number("engine_load_pct"),
    throttle_pct: page.number("throttle_pct"),
    coolant_temp_c: page.number("coolant_temp_c"),
    intake_air_temp_c: page.number("intake_air_temp_c"),
    ambient_air_temp_c: page.number("ambient_air_temp_c"),
    mass_air_flow_g_s: page.number("mass_air_flow_g_s"),
    fuel_level_pct: page.number("fuel_level_pct"),
    fuel_rate_l_h: page.number("fuel_rate_l_h"),
    battery_v: page.number("battery_v") ?? page.number("adapter_v"),
    odometer_km: page.number("odometer_km"),
    run_time_s: page.number("run_time_s"),
    mil_on: page.flag("mil_on"),
    dtc_codes: page.text("dtc_codes"),
    vin,
    make: car.make,
    model: car.model,
    year: car.year ?? (vin === null ? null : modelYear(vin)),
    fuel_type: page.text("fuel_type") ?? car.fuelType,
  };
};
