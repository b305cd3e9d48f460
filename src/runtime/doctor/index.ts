export { diagnose, judge, type ControllerPlace, type Diagnosis, type DoctorOptions } from './doctor.ts';
export { checks } from './table.ts';
export type { Check, Result } from './types.ts';
