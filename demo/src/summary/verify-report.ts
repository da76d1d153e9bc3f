import { z } from "zod";

const count = z.number();

/** The counts that `cloud verify --json` gives in total and for each series; the demo reads these and passes on all. */
const COUNTS = {
  given: count,
  landed: count,
  rejected: count,
  declared_gap: count,
  in_log: count,
  in_car: count,
  lost: count,
  doubled: count,
};

const VERIFY_REPORT = z.looseObject({
  clean: z.boolean(),
  complete_through: z.unknown(),
  totals: z.looseObject(COUNTS),
  series: z.array(
    z.looseObject({ vehicle_id: z.string(), boot_id: z.string(), stream: z.string(), ...COUNTS }),
  ),
});

export type VerifyReport = z.output<typeof VERIFY_REPORT>;

export const parseVerifyReport = (text: string): VerifyReport => VERIFY_REPORT.parse(JSON.parse(text));
