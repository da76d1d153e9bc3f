/*
 * What counts as driving, standing, harsh and late: every number of the facts' definitions, each with its reason. Times
 * are milliseconds, lengths millimetres, accelerations millimetres per second squared: whole numbers, because their sums
 * are the same in every order and on every engine.
 */

/** Moving from here on, in km/h: a standing receiver between houses reports up to about 4 km/h of noise. */
export const MOVING_KMH = 5;

/** No car: a receiver's error. */
export const MAX_SPEED_KMH = 300;

/** Between two speeds no further apart, the speed went straight from one to the other; an adapter is polled every 10 s. */
export const CONTINUOUS_MS = 30_000;

/** An engine seen running is believed to run on for so long: one polling interval and a half. */
export const ENGINE_HOLD_MS = 15_000;

/** A trip ends where neither motion nor a running engine was seen for longer: more than a red light or a short refuelling. */
export const TRIP_BREAK_MS = 300_000;

/** A silence in which the car was driven belongs to its trip up to this length; what is longer is two trips. */
export const MAX_BRIDGE_MS = 1_800_000;

/** Driven through a silence: at least so far, and so fast on average, by odometer or position. Towing a car aside is not. */
export const DRIVEN_MM = 300_000;
export const DRIVEN_KMH = 10;

/** A silence after which the car is found this close to where it was is standing. */
export const STOOD_MM = 50_000;

/** The position and odometer at a silence's edge may be so old, or come so late: a receiver needs up to 34 s for its first fix. */
export const EDGE_MS = 60_000;

/** The odometer counts tenths of a kilometre; where it says less than the position by more than this, the car was carried. */
export const ODOMETER_SLACK_MM = 200_000;

/** Standing for less is creeping in a queue. Not shorter than a slice of driving-slice.ts. */
export const MIN_STOP_MS = 10_000;

/**
 * 0.3 g on average over a second, along the road or across it: passengers hold on, loads slide. An instant's peak, which no
 * speed tells, is higher.
 */
export const HARSH_MMS2 = 3_000;

/** Below this a receiver's heading is noise. */
export const CORNERING_FROM_KMH = 15;

/** Tyres do no more (1.2 g): a change that is harder is a wrong speed, or an impact, which emergency_data reports. */
export const MAX_TYRES_MMS2 = 12_000;

/** Speeds further apart say nothing of how sudden the change was; nearer ones exaggerate their rounding. */
export const MAX_SUDDEN_MS = 2_500;
export const MIN_SUDDEN_MS = 400;

/** Harsh moments closer together are one event. */
export const SAME_EVENT_MS = 3_000;

/** Over the limit by more than this, for at least so long: speedometers and overtaking. */
export const SPEEDING_TOLERANCE_KMH = 5;
export const MIN_SPEEDING_MS = 5_000;
/** A moment without a reading above the limit ends an event of speeding when it lasts longer. */
export const SAME_SPEEDING_MS = 10_000;

/** A tank that is fuller by so many per cent of its size was filled; a slope moves the float by less. */
export const REFUELLED_PCT = 8;

/** Weather readings stand for so many minutes. */
export const WEATHER_MINUTES = 30;

/** Per litre of petrol, from its mass of air: 14.7 g of air burn 1 g, 745 g are a litre. Diesel runs lean, and air tells nothing. */
export const PETROL_AIR_G_PER_L = 14.7 * 745;

/** What lies further from a changed row than this cannot change by it, but for the trip that reaches to it. */
export const REACH_MS = MAX_BRIDGE_MS + EDGE_MS;
