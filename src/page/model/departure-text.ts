export type DelayTone = 'early' | 'on-time' | 'slight' | 'late' | 'very-late';

/** 15 minutes is from where on the statistics that these flights are from call one late. */
const LATE_MINUTES = 15;
const VERY_LATE_MINUTES = 60;

export function delayTone(minutes: number): DelayTone {
  if (minutes < 0) return 'early';
  if (minutes === 0) return 'on-time';
  if (minutes < LATE_MINUTES) return 'slight';
  return minutes < VERY_LATE_MINUTES ? 'late' : 'very-late';
}

/** `12 min early`, `on time`, `1 h 06 late` */
export function delayText(minutes: number): string {
  if (minutes === 0) return 'on time';
  return `${duration(Math.abs(minutes))} ${minutes < 0 ? 'early' : 'late'}`;
}

function duration(minutes: number): string {
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')}`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `2001-01-01T00:47` as `1 Jan` and `00:47`. The time is local to an airport, so it is never made a `Date`. */
export function departedText(departedAt: string): { readonly day: string; readonly time: string } {
  const [date = '', time = ''] = departedAt.split('T');
  const [, month, day] = date.split('-').map(Number);
  return { day: `${day} ${MONTHS[(month ?? 0) - 1] ?? ''}`.trim(), time };
}
