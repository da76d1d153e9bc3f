/** What goes wrong with the adapter's next answer from the car; each is used once. */
export type AnswerTrouble =
  | "no_data"
  | "buffer_full"
  | "can_error"
  | "rx_error"
  | "stopped"
  | "lost_frame"
  | "err94"
  | "lv_reset"
  | "no_answer";

/** Fault knobs; changed at any time, they hold from the next command on. */
export interface Elm327Faults {
  /** Added before each answer from the car. */
  lateMs: number;
  /** Takes commands and says nothing at all. */
  mute: boolean;
  /** Is not stopped by a character, as the data sheet promises, but ends its answer first and takes commands after. */
  stubborn: boolean;
  /** Share of output bytes replaced by random ones, 0..1. */
  garbage: number;
  /** Share of output bytes with a NUL put before them, 0..1, as the data sheet warns of. */
  nuls: number;
  /** For the next answers from the car, in this order. */
  readonly troubles: AnswerTrouble[];
}

export const noFaults = (): Elm327Faults => ({
  lateMs: 0,
  mute: false,
  stubborn: false,
  garbage: 0,
  nuls: 0,
  troubles: [],
});
