import type { PlannedTrip } from "../plan/planned-trip.ts";
import type { StageState } from "../supervise/stage-supervisor.ts";

/** What is known of one car while it drives. */
export interface CarProgress {
  readonly trip: PlannedTrip;
  readonly state: StageState;
  readonly drivenS: number;
  readonly captured: number;
  readonly held: number;
}

/** What is known of the whole path at one moment. */
export interface PathProgress {
  readonly elapsedS: number;
  readonly cars: readonly CarProgress[];
  readonly gateway: { readonly state: StageState; readonly logged: number; readonly refused: number };
  readonly cloud: {
    readonly state: StageState;
    readonly landed: number;
    readonly settled: number;
  };
}
