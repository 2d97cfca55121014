import { inject, onTestFinished, test } from 'vitest';
import { type CloudOptions, startCloud } from '../../local/cloud.ts';
import type { InboxQuery } from '../../local/inbox.ts';
import type { Emulator } from '../../scripts/emulator.ts';
import type { Place } from '../../scripts/place.ts';
import { story } from '../../scripts/story.ts';
import { emulatorPlace } from './emulator-place.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Folder of the synthesized app of stage local, made once before all tests. */
    assembly: string;
    /** Where the scenarios run on a deployment (`npm run test:emulator`); null: on local clouds. */
    emulator: Emulator | null;
  }
}

/** Noon of a Wednesday, so that nothing depends on the edge of a day. */
export const WEDNESDAY_NOON = Date.UTC(2026, 10, 18, 12);

/** What every test gets: where Herald runs, the story's steps, and names. `tag` keeps tests on one deployment apart. */
const heraldAt = <P extends Place>(cloud: P, tag: string) => ({
  cloud,
  /** A name of this test's own: of people, cities, and whatever else tests on one deployment must not share. */
  own: (name: string) => name + tag,
  /** The claim `sub` of a demo person, which Herald knows people by. */
  idOf: async (user: string): Promise<string> => {
    const [, claims = ''] = (await cloud.tokens.demo(user)).split('.');
    return JSON.parse(Buffer.from(claims, 'base64url').toString()).sub;
  },
  ...story(cloud),
});
export type Herald = ReturnType<typeof heraldAt<Place>>;

type LocalOptions = { startMs?: number; persist?: string; faults?: CloudOptions['faults']; days?: true; months?: true };

const startLocal = async (options: LocalOptions) => {
  const cloud = await startCloud({
    assembly: inject('assembly'),
    clock: { virtualStartMs: options.startMs ?? WEDNESDAY_NOON },
    ...(options.persist && { persist: options.persist }),
    ...(options.faults && { faults: options.faults }),
    ...(options.days && { ratesAtMostEveryMs: 6 * 3_600_000 }),
    ...(options.months && { ratesAtMostEveryMs: 7 * 24 * 3_600_000 }),
  });
  const bus = Object.values(cloud.outputs).find((outputs) => 'BusName' in outputs)?.BusName;
  const putOnBus: Place['putOnBus'] = async (entry) => void cloud.services.bus.put(String(bus), entry);
  return { ...cloud, putOnBus };
};
type LocalCloud = Awaited<ReturnType<typeof startLocal>>;
/** On the local cloud, whose services, logs and meter a test may look at. */
export type LocalHerald = ReturnType<typeof heraldAt<LocalCloud>>;

/**
 * A local cloud of the test's own on a virtual clock, for what injects faults, dies or cannot be told apart; stops when the
 * test ends. `days`: many of them pass, so what runs every few minutes to make good for crashes runs every six hours;
 * `months`: once a week.
 */
export const bootLocal = async (options: LocalOptions = {}): Promise<LocalHerald> => {
  const cloud = await startLocal(options);
  onTestFinished(() => cloud.stop());
  return heraldAt(cloud, '');
};

type SharedOptions = Pick<LocalOptions, 'days' | 'months'>;
const emulator = inject('emulator');
let booted = 0;
const nextTag = () => `-${Date.now().toString(36)}${++booted}`;
/**
 * The local clouds that the tests of a file share, one for each set of options: most of what a cloud costs is that each
 * function starts for the first time.
 */
const shared = new Map<string, Promise<LocalCloud>>();

/** After each file (see vitest.config.ts). */
export const stopShared = async (): Promise<void> => {
  const clouds = [...shared.values()];
  shared.clear();
  for (const cloud of clouds) await (await cloud).stop();
};

/** The local cloud that this test shares with others of its file, so what it makes has names of its `own`; `options` as for `bootLocal`. */
export const bootShared = async (options: SharedOptions = {}): Promise<LocalHerald> => {
  const key = JSON.stringify(options);
  const starting = shared.get(key) ?? startLocal(options);
  shared.set(key, starting);
  const cloud = await starting;
  // What earlier tests were sent, and what became of it, is not of this one.
  await cloud.clock.idle();
  const before = cloud.inbox.list({ limit: 1 })[0]?.id ?? 0;
  const list = (query: InboxQuery = {}) => cloud.inbox.list({ ...query, after: Math.max(before, query.after ?? 0) });
  return heraldAt({ ...cloud, inbox: { ...cloud.inbox, list, count: () => list({ limit: -1 }).length } }, nextTag());
};

/** Where this test runs: on a deployment that it shares with others, whatever the `options`, or as `bootShared`. */
export const boot = async (options: SharedOptions = {}): Promise<Herald> =>
  emulator ? heraldAt(await emulatorPlace(emulator), nextTag()) : bootShared(options);

/**
 * Lets time pass until it is next so late, UTC: what begins at a certain time of day or week begins there, whatever tests
 * were before. `weekday`: 0 for Sunday. Not at all where it is that time already.
 */
export const untilNext = async ({ cloud }: LocalHerald, time: { weekday?: number; hour: number }): Promise<void> => {
  const nowMs = cloud.clock.now();
  const at = new Date(nowMs);
  at.setUTCHours(time.hour, 0, 0, 0);
  const isThen = () => at.getTime() >= nowMs && (time.weekday === undefined || at.getUTCDay() === time.weekday);
  while (!isThen()) at.setUTCDate(at.getUTCDate() + 1);
  await cloud.clock.advance(at.getTime() - nowMs);
};

/** A test that needs virtual time, or something else that only the local cloud has; `why` is printed where it is skipped. */
export const localTest = (why: string, name: string, run: () => Promise<void>, timeoutMs?: number) => {
  if (emulator) console.warn(`SKIPPED on the emulator: ${name} (${why})`);
  test.skipIf(emulator)(name, run, timeoutMs);
};
