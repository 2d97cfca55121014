import { expect, it } from 'vitest';
import { firstPartition } from '../../../core/audience/event-window.ts';

it.each([
  ['two days before', '2026-11-18T12:00:00Z', '2026-11-16'],
  ['two days before the turn of a year', '2026-01-01T00:00:00Z', '2025-12-30'],
  ['not before there were partitions', '1969-01-01T00:00:00Z', '1970-01-01'],
  ['nor in a year that is no partition', '0000-01-01T00:00:00Z', '1970-01-01'],
])('events are read from %s', (_, from, day) => expect(firstPartition(Date.parse(from))).toBe(day));
