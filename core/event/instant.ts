const FORM = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:\d{2}))?$/;

/**
 * Epoch ms of a date as conditions read it: ISO 8601 text, a day (midnight UTC) or a time with its zone. Undefined for
 * everything else, numbers included: nobody can tell seconds from milliseconds. A day that the calendar does not have is
 * no date, where Date.parse would take the next month's.
 */
export const instantOf = (value: unknown): number | undefined => {
  if (typeof value !== 'string' || value.length < 10 || value.length > 40) return undefined;
  const found = FORM.exec(value);
  if (!found) return undefined;
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone = 'Z'] = found;
  const midnightMs = Date.UTC(Number(year), Number(month) - 1, Number(day));
  const date = new Date(midnightMs);
  // Date.UTC reads the years 0 to 99 as 1900 to 1999, and carries days over.
  if (date.getUTCFullYear() !== Number(year) || date.getUTCMonth() !== Number(month) - 1) return undefined;
  if (date.getUTCDate() !== Number(day)) return undefined;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const offset = zone === 'Z' ? 0 : Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6));
  if (offset > 14 * 60 || Number(zone.slice(4, 6)) > 59) return undefined;
  const minutes = Number(hour) * 60 + Number(minute) - (zone[0] === '-' ? -offset : offset);
  return midnightMs + minutes * 60_000 + Number(second) * 1_000 + Number(fraction.slice(0, 3).padEnd(3, '0'));
};
